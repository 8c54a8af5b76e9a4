package web

import (
	"context"
	"errors"
	"log/slog"
	"strings"
)

// LogHandler adds the request id of the context to every record. An error that is
// only that the client hung up is no error of ours, and logged as information.
func LogHandler(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	if r.Level >= slog.LevelError && errors.Is(ctx.Err(), context.Canceled) && RequestID(ctx) != "" && saysCanceled(r) {
		r.Level = slog.LevelInfo
		r.AddAttrs(slog.Bool("aborted", true))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }

// saysCanceled reports whether the cause that a record holds is that a context
// was canceled.
func saysCanceled(r slog.Record) (found bool) {
	r.Attrs(func(a slog.Attr) bool {
		switch v := a.Value.Any().(type) {
		case error:
			found = errors.Is(v, context.Canceled)
		case string:
			found = strings.Contains(v, context.Canceled.Error())
		}
		return !found
	})
	return found
}
