// Command hello greets whoever asks, by the word that its environment gives it.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is how long requests may take to end once the Pod is told to.
const grace = 10 * time.Second

func main() {
	greeting := cmp.Or(os.Getenv("greeting"), "hello")
	answer := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, text) }
	}
	routes := http.NewServeMux()
	routes.Handle("GET /", answer(greeting))
	routes.Handle("GET /live", answer("live"))
	routes.Handle("GET /ready", answer("ready"))
	server := &http.Server{Addr: ":8080", Handler: routes, ReadHeaderTimeout: 5 * time.Second}

	told, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		<-told.Done()
		ending, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		_ = server.Shutdown(ending)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}
