package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/logqueue"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/web"
	"golang.org/x/term"
)

// serverLog is the log of a running server. A reader of it that is slow or gone
// neither holds the server up nor ends it.
type serverLog struct {
	*slog.Logger
	queue *logqueue.Queue
}

// flushWait is how long the end of a process waits for its log to be read.
const flushWait = time.Second

// openLog begins to log to w. Close it at the end.
func openLog(cfg config.Log, w io.Writer) (*serverLog, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		return nil, errors.Join(errors.New("log.level"), err)
	}
	handler := func(w io.Writer, level slog.Level) slog.Handler {
		options := &slog.HandlerOptions{Level: level}
		if cfg.Format == "text" {
			return slog.NewTextHandler(w, options)
		}
		return slog.NewJSONHandler(w, options)
	}
	queue := logqueue.Start(w, func(out io.Writer, lines int64) {
		slog.New(handler(out, level)).WarnContext(context.Background(), "log lines were dropped: whoever reads the log is too slow", "lines", lines)
	})
	// Libraries log what we log already, and say less: only their errors count.
	slog.SetDefault(slog.New(handler(queue, slog.LevelError)))
	return &serverLog{Logger: slog.New(web.LogHandler(handler(queue, level))), queue: queue}, nil
}

// close writes what waits to be logged.
func (l *serverLog) close() { l.queue.Close(flushWait) }

// isTerminal reports whether a stream is a terminal, where people read and answer:
// /dev/null, which is a device too, is none.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && file != nil && term.IsTerminal(int(file.Fd()))
}
