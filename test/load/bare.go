package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// bareBody is as long as the discovery document.
var bareBody = bytes.Repeat([]byte("x"), 2000)

// serveBare is a process of its own, so that its requests cost what a node's
// do: it answers each with the same bytes.
func serveBare(ctx context.Context, out io.Writer) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Fprintln(out, l.Addr())
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Length"] = []string{fmt.Sprint(len(bareBody))}
		_, _ = w.Write(bareBody)
	})}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	return server.Serve(l)
}

func (s settings) bareWork(ctx context.Context) ([]work, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := child(ctx, self, "-bare")
	lines, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start: %w", err)
	}
	line, err := bufio.NewReader(lines).ReadString('\n')
	if err != nil {
		return nil, nil, fmt.Errorf("wait for it: %w", err)
	}
	address := strings.TrimSpace(line)
	wires, workers, err := s.each(ctx, func(ctx context.Context) (*wire, error) { return dialWire(ctx, address) }, func(w *wire, _ int) (work, error) {
		request := []byte("GET / HTTP/1.1\r\nHost: " + address + "\r\n\r\n")
		return func() error { return w.expect(request, http.StatusOK, nil) }, nil
	})
	return workers, func() {
		closeAll(wires)
		stop(cmd)
	}, err
}

// stop ends a child and waits for its end.
func stop(cmd *exec.Cmd) {
	_ = cmd.Cancel()
	_ = cmd.Wait()
}
