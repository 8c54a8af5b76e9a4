package config

import (
	"encoding/base64"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

func (l *loader) validateEvents(e *Events) {
	if to := e.Stream.To; to != "" && to != "stdout" && !filepath.IsAbs(to) && l.File != "" {
		e.Stream.To = filepath.Join(filepath.Dir(l.File), to)
	}
	l.validateEventTypes("events.stream.types", e.Stream.Types)
	seen := map[string]bool{}
	for i, w := range e.Webhooks {
		at := indexPath("events.webhooks", i)
		switch {
		case w.Name == "" || strings.Trim(w.Name, headerName) != "":
			l.add(joinPath(at, "name"), "%q is not a name: use letters, digits, - and _", w.Name)
		case seen[w.Name]:
			l.add(joinPath(at, "name"), "another webhook already has the name %q", w.Name)
		}
		seen[w.Name] = true
		l.validateWebhookURL(joinPath(at, "url"), w.URL)
		if !isWebhookSecret(w.Secret.Reveal()) {
			l.add(joinPath(at, "secret"), "write whsec_ and 24 to 64 random bytes in base64; latchkey events secret makes one")
		}
		l.validateEventTypes(joinPath(at, "types"), w.Types)
	}
}

func (l *loader) validateWebhookURL(path, text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		l.add(path, "required: an https address, such as https://siem.example.com/latchkey")
	case u.User != nil || u.Fragment != "":
		l.add(path, "it must have neither a user nor a fragment: the signature identifies the sender")
	case u.Scheme == "http" && !client.IsLoopback(u.Hostname()):
		l.add(path, "use https; http is only for a program on this machine")
	}
}

// isWebhookSecret reports whether it is one of Standard Webhooks.
func isWebhookSecret(text string) bool {
	encoded, ok := strings.CutPrefix(text, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	return ok && err == nil && len(key) >= 24 && len(key) <= 64
}

func (l *loader) validateEventTypes(path string, written []string) {
	for i, t := range written {
		if !slices.Contains(storage.EventTypes(), storage.EventType(t)) {
			l.add(indexPath(path, i), "no event is of the type %q; docs/events.md lists them", t)
		}
	}
}
