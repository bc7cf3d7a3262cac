/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many.java - a server of four connections at once, and its client, which also keeps its threads busy. */
import java.io.*;
import java.net.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;

public class Many {
	static void serve() throws Exception {
		try (ServerSocket listener = new ServerSocket(7000)) {
			ExecutorService pool = Executors.newFixedThreadPool(4);
			for (int i = 0; i < 4; i++) {
				Socket s = listener.accept();
				pool.submit(() -> {
					try (s) {
						BufferedReader in = new BufferedReader(new InputStreamReader(s.getInputStream()));
						String line = in.readLine();
						s.getOutputStream().write((new StringBuilder(line).reverse() + "\n").getBytes());
					}
					return null;
				});
			}
			pool.shutdown();
			System.out.println("served " + pool.awaitTermination(20, TimeUnit.SECONDS));
		}
	}

	static String ask(int n) throws Exception {
		try (Socket s = new Socket("server", 7000)) {
			s.getOutputStream().write(("question " + n + "\n").getBytes());
			return new BufferedReader(new InputStreamReader(s.getInputStream())).readLine();
		}
	}

	public static void main(String[] args) throws Exception {
		if (args[0].equals("server")) {
			serve();
			return;
		}
		List<CompletableFuture<String>> answers = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			int n = i;
			answers.add(CompletableFuture.supplyAsync(() -> {
				try { return ask(n); } catch (Exception e) { throw new RuntimeException(e); }
			}, Executors.newCachedThreadPool(r -> { Thread t = new Thread(r); t.setDaemon(true); return t; })));
		}
		for (CompletableFuture<String> a : answers)
			System.out.println(a.get());
		AtomicInteger ticks = new AtomicInteger();
		ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
		long start = System.nanoTime();
		clock.scheduleAtFixedRate(ticks::incrementAndGet, 100, 100, TimeUnit.MILLISECONDS);
		Thread.sleep(1050);
		clock.shutdownNow();
		System.out.println("ticks " + ticks + " ms " + (System.nanoTime() - start) / 100_000_000);
		System.out.println("parallel " + IntStream.range(0, 100_000).parallel().filter(i -> i % 7 == 0).count());
		long kept = 0;
		for (int i = 0; i < 200; i++)
			kept += new byte[1 << 20].length >> 20;
		System.gc();
		System.out.println("garbage " + kept);
		int[] counter = {0};
		Thread[] threads = new Thread[8];
		for (int i = 0; i < 8; i++)
			(threads[i] = new Thread(() -> { for (int k = 0; k < 1000; k++) synchronized (counter) { counter[0]++; } })).start();
		for (Thread t : threads)
			t.join();
		System.out.println("counted " + counter[0]);
		try {
			Object nothing = args.length > 5 ? args : null;
			System.out.println(nothing.hashCode());
		} catch (NullPointerException e) {
			System.out.println("null caught");
		}
	}
}
