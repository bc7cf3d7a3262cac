// SPDX-License-Identifier: GPL-2.0-or-later
// many.go - an http server, and a client that asks it from many goroutines.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func serve() {
	var served int64
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond)
		fmt.Fprintf(w, "%d", atomic.AddInt64(&served, 1))
	})
	http.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, 1<<20))
	})
	fmt.Println(http.ListenAndServe(":8080", nil))
}

func get(url string) string {
	answer, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	return string(body)
}

func main() {
	if os.Args[1] == "server" {
		serve()
	}
	url := os.Args[2]
	var wait sync.WaitGroup
	answers := make(chan string, 20)
	for i := 0; i < 20; i++ {
		wait.Add(1)
		go func() { defer wait.Done(); answers <- get(url + "/slow") }()
	}
	wait.Wait()
	close(answers)
	var sorted []string
	for a := range answers {
		sorted = append(sorted, a)
	}
	sort.Strings(sorted)
	fmt.Println(len(sorted), sorted[0], sorted[19])
	fmt.Println("big", len(get(url+"/big")))

	limit, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	request, _ := http.NewRequestWithContext(limit, "GET", url+"/slow", nil)
	_, err := http.DefaultClient.Do(request)
	cancel()
	fmt.Println("limit", limit.Err(), err != nil)

	ticker, ticks := time.NewTicker(10*time.Millisecond), 0
	after := time.After(205 * time.Millisecond)
loop:
	for {
		select {
		case <-ticker.C:
			ticks++
		case <-after:
			break loop
		}
	}
	fmt.Println("ticks", ticks)

	var sum int64
	for i := 0; i < 1000; i++ {
		wait.Add(1)
		go func(n int64) { defer wait.Done(); runtime.Gosched(); atomic.AddInt64(&sum, n) }(int64(i))
	}
	wait.Wait()
	fmt.Println("sum", sum, runtime.GOMAXPROCS(0))

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println("signal", <-signals)

	out, err := exec.Command("sh", "-c", "echo child; exit 4").Output()
	fmt.Printf("%q %v\n", out, err)
	func() {
		defer func() { fmt.Println("recovered", recover() != nil) }()
		var nothing *int
		fmt.Println(*nothing)
	}()
	runtime.GC()
	fmt.Println(len(make([]byte, 64<<20)))
}
