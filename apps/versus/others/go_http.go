// Go's net/http on one processor. Started as `go_http PORT`.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

var (
	lock        sync.Mutex
	subscribers = map[chan []byte]struct{}{}
)

func text(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, answer)
	}
}

func asJSON(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	answer, _ := json.Marshal(map[string]string{"message": "Hello, World!"})
	w.Write(answer)
}

// The mux of Go 1.19 has no parameters.
func userPost(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	if len(parts) != 5 || parts[3] != "posts" {
		http.NotFound(w, r)
		return
	}
	user, err1 := strconv.ParseUint(parts[2], 10, 32)
	post, err2 := strconv.ParseUint(parts[4], 10, 32)
	if err1 != nil || err2 != nil {
		http.Error(w, "not a number", http.StatusBadRequest)
		return
	}
	text(fmt.Sprintf("user %d, post %d", user, post))(w, r)
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func events(w http.ResponseWriter, r *http.Request) {
	queue := make(chan []byte, 64)
	lock.Lock()
	subscribers[queue] = struct{}{}
	lock.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := w.(http.Flusher)
	flusher.Flush()
	for {
		select {
		case event := <-queue:
			w.Write(event)
			flusher.Flush()
		case <-r.Context().Done():
			lock.Lock()
			delete(subscribers, queue)
			lock.Unlock()
			return
		}
	}
}

func publish(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	event := []byte("data: " + string(body) + "\n\n")
	lock.Lock()
	queues := make([]chan []byte, 0, len(subscribers))
	for queue := range subscribers {
		queues = append(queues, queue)
	}
	lock.Unlock()
	for _, queue := range queues {
		queue <- event
	}
}

func main() {
	mux := http.NewServeMux()
	fillers, err := strconv.Atoi(os.Getenv("VERSUS_ROUTES"))
	if err != nil {
		fillers = 50
	}
	for number := 0; number < fillers; number++ {
		mux.HandleFunc(fmt.Sprintf("/section%d/page", number), text("filler"))
	}
	mux.HandleFunc("/plaintext", text("Hello, World!"))
	mux.HandleFunc("/json", asJSON)
	mux.HandleFunc("/users/", userPost)
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/events", events)
	mux.HandleFunc("/publish", publish)
	files := http.FileServer(http.Dir(os.Getenv("VERSUS_FILES")))
	mux.Handle("/static/", http.StripPrefix("/static/", files))
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], mux); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
