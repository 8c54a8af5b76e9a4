package main

import (
	"context"
	"net"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// dnsServer answers for the names that it has, and says of all others that they are not
// there.
type dnsServer struct {
	texts     map[string][]string
	addresses map[string][4]byte
}

// start serves it on this machine, and returns a resolver that asks it and nobody else.
func (s dnsServer) start(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			if reply, err := s.answer(buffer[:n]); err == nil {
				_, _ = conn.WriteTo(reply, from) // a lost packet is asked for again
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (s dnsServer) answer(query []byte) ([]byte, error) {
	var asked dnsmessage.Message
	if err := asked.Unpack(query); err != nil {
		return nil, err
	}
	q := asked.Questions[0]
	name := strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")
	reply := dnsmessage.Message{Header: dnsmessage.Header{ID: asked.ID, Response: true, Authoritative: true, RecursionAvailable: true}, Questions: asked.Questions}
	head := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1}
	address, known := s.addresses[name]
	texts, described := s.texts[name]
	if !known && !described {
		reply.RCode = dnsmessage.RCodeNameError
	}
	if known && q.Type == dnsmessage.TypeA {
		head.Type = dnsmessage.TypeA
		reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: address}})
	}
	for _, text := range texts {
		if q.Type == dnsmessage.TypeTXT {
			head.Type = dnsmessage.TypeTXT
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.TXTResource{TXT: []string{text}}})
		}
	}
	return reply.Pack()
}
