package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// wire is a kept HTTP/1.1 connection that sends requests as bytes that were
// prepared, and reads of an answer what a row needs: net/http would cost as
// much as the node.
type wire struct {
	conn     net.Conn
	in       *bufio.Reader
	status   int
	location []byte
	body     []byte
}

func dialWire(ctx context.Context, address string) (*wire, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &wire{conn: conn, in: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// secure begins TLS on the connection.
func (w *wire) secure(ctx context.Context, cfg *tls.Config) error {
	conn := tls.Client(w.conn, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("begin TLS: %w", err)
	}
	w.conn = conn
	w.in.Reset(conn)
	return nil
}

func (w *wire) close() { _ = w.conn.Close() }

// do sends a request and reads its answer, which is good until the next.
func (w *wire) do(request []byte) error {
	if _, err := w.conn.Write(request); err != nil {
		return fmt.Errorf("send request: %w", err)
	}
	if err := w.read(); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// expect is do for an answer that has a status and holds a text.
func (w *wire) expect(request []byte, status int, holds []byte) error {
	if err := w.do(request); err != nil {
		return err
	}
	if w.status != status || !bytes.Contains(w.body, holds) {
		return fmt.Errorf("answered %d, want %d with %q: %.300s", w.status, status, holds, w.body)
	}
	return nil
}

var (
	contentLength = []byte("Content-Length: ")
	location      = []byte("Location: ")
	chunked       = []byte("Transfer-Encoding: chunked")
)

func (w *wire) read() error {
	line, err := w.line()
	if err != nil {
		return err
	}
	if len(line) < len("HTTP/1.1 200") {
		return fmt.Errorf("status line %q", line)
	}
	if w.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return fmt.Errorf("status line %q", line)
	}
	w.location, w.body = w.location[:0], w.body[:0]
	length, inChunks := 0, false
	for {
		if line, err = w.line(); err != nil {
			return err
		}
		switch {
		case len(line) == 0:
			if inChunks {
				return w.chunks()
			}
			return w.more(length)
		case bytes.HasPrefix(line, contentLength):
			if length, err = strconv.Atoi(string(line[len(contentLength):])); err != nil {
				return fmt.Errorf("header %q", line)
			}
		case bytes.HasPrefix(line, location):
			w.location = append(w.location, line[len(location):]...)
		case bytes.Equal(line, chunked):
			inChunks = true
		}
	}
}

// line returns the next line without its end.
func (w *wire) line() ([]byte, error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// more reads so many bytes onto the body.
func (w *wire) more(n int) error {
	have := len(w.body)
	if cap(w.body) < have+n {
		w.body = append(make([]byte, 0, 2*(have+n)), w.body...)
	}
	w.body = w.body[:have+n]
	_, err := io.ReadFull(w.in, w.body[have:])
	return err
}

// chunks reads a body of unknown length (RFC 9112 section 7.1).
func (w *wire) chunks() error {
	for {
		line, err := w.line()
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(string(line), 16, 24)
		if err != nil {
			return fmt.Errorf("chunk size %q", line)
		}
		if err := w.more(int(n)); err != nil {
			return err
		}
		if end, err := w.line(); err != nil || len(end) > 0 {
			return errors.Join(errors.New("a chunk has no end"), err)
		}
		if n == 0 {
			return nil
		}
	}
}

// redis sends a command to a Redis and reads its answer, of which a text is put
// into the body (RESP, the protocol of Redis).
func (w *wire) redis(command string) error {
	if _, err := w.conn.Write([]byte(command + "\r\n")); err != nil {
		return fmt.Errorf("send command: %w", err)
	}
	line, err := w.line()
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	w.body = w.body[:0]
	switch {
	case bytes.HasPrefix(line, []byte("-")):
		return fmt.Errorf("redis: %s", line)
	case !bytes.HasPrefix(line, []byte("$")):
		return nil
	}
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil || n < 0 {
		return fmt.Errorf("redis: no text but %q", line)
	}
	if err := w.more(n); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	_, err = w.line()
	return err
}

// between returns what stands in text after a mark, up to the next end byte.
func between(text, mark []byte, end byte) ([]byte, error) {
	_, after, found := bytes.Cut(text, mark)
	if !found {
		return nil, fmt.Errorf("no %s in %.300s", mark, text)
	}
	if i := bytes.IndexByte(after, end); i >= 0 {
		after = after[:i]
	}
	return after, nil
}
