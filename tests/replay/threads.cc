// SPDX-License-Identifier: GPL-2.0-or-later
// threads.cc - a queue between threads of the C++ library: mutexes, condition variables, exceptions, thread-local storage.
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <queue>
#include <stdexcept>
#include <thread>
#include <vector>

static std::mutex lock;
static std::condition_variable filled;
static std::queue<int> queue;
static thread_local long seen;

static long consume(int end)
{
	for (;;) {
		std::unique_lock<std::mutex> held(lock);

		filled.wait(held, [] { return !queue.empty(); });
		const int item = queue.front();

		queue.pop();
		if (item == end)
			throw std::out_of_range(std::to_string(seen));
		seen += item;
	}
}

int main()
{
	std::vector<std::thread> consumers;
	long sum = 0;

	for (int i = 0; i < 4; i++)
		consumers.emplace_back([&sum] {
			try {
				consume(-1);
			} catch (const std::out_of_range &error) {
				const std::lock_guard<std::mutex> held(lock);

				sum += std::stol(error.what());
			}
		});
	for (int i = 0; i < 200; i++) {
		const std::lock_guard<std::mutex> held(lock);

		queue.push(i < 196 ? i : -1);
		filled.notify_one();
		if (i % 16 == 0)
			std::this_thread::yield();
	}
	filled.notify_all();
	for (auto &consumer : consumers)
		consumer.join();
	std::cout << sum << std::endl;
	return 0;
}
