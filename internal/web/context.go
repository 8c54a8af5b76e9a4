package web

import (
	"context"
	"net/netip"
)

type contextKey struct{}

// requestInfo is what the outermost middleware found out about a request.
type requestInfo struct {
	id      string
	address netip.Addr
	// trusted says that the peer is a trusted proxy.
	trusted bool
}

func withInfo(ctx context.Context, info *requestInfo) context.Context {
	return context.WithValue(ctx, contextKey{}, info)
}

// refusalKey is where a request has the refusal of the form on its page.
type refusalKey struct{}

// WithRefusal has the page of a request say that the form on it was refused.
func WithRefusal(ctx context.Context, refused ErrorPage) context.Context {
	return context.WithValue(ctx, refusalKey{}, refused)
}

// Refusal returns what the page of a request is to say of a form that was refused; nil
// for most.
func Refusal(ctx context.Context) *ErrorPage {
	if refused, ok := ctx.Value(refusalKey{}).(ErrorPage); ok {
		return &refused
	}
	return nil
}

// RequestID returns the id that the request's log lines, events and error page
// bear; empty outside a request.
func RequestID(ctx context.Context) string {
	if info, ok := ctx.Value(contextKey{}).(*requestInfo); ok {
		return info.id
	}
	return ""
}

// ClientAddress returns the address of whoever sent the request: the peer, or
// where the peer is a trusted proxy the rightmost hop that is not one
// (requirement PA4). It is the zero Addr outside a request.
func ClientAddress(ctx context.Context) netip.Addr {
	if info, ok := ctx.Value(contextKey{}).(*requestInfo); ok {
		return info.address
	}
	return netip.Addr{}
}

// FromTrustedProxy reports whether the peer that sent the request is a trusted proxy, so
// that what it says in headers counts (requirement PA4). It is false outside a request.
func FromTrustedProxy(ctx context.Context) bool {
	info, ok := ctx.Value(contextKey{}).(*requestInfo)
	return ok && info.trusted
}
