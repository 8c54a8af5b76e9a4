package partial

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/mfa"
)

// binding is what a partial sign-in remembers of where it began.
type binding struct {
	// Agent is the browser's own description without its version numbers, which
	// an update may change in the middle.
	Agent   string `json:"agent"`
	Address string `json:"address,omitempty"`
}

// bindingOf describes the browser and address of a request. The address is the
// client's as the trusted proxies tell it (requirement PA4).
func bindingOf(r *http.Request, policy mfa.AddressBinding) binding {
	b := binding{Agent: agentFamily(r.UserAgent())}
	addr := web.ClientAddress(r.Context())
	switch policy {
	case mfa.BindNetwork:
		b.Address = networkOf(addr)
	case mfa.BindExact:
		b.Address = addr.String()
	case mfa.BindOff:
	}
	return b
}

// differs says in which way b is not what was met; empty when it is the same.
func (b binding) differs(met binding, policy mfa.AddressBinding) string {
	switch {
	case b.Agent != met.Agent:
		return "another browser"
	case policy != mfa.BindOff && b.Address != met.Address:
		return "another network"
	}
	return ""
}

// maxUserAgent is how much of a User-Agent is looked at, in bytes.
const maxUserAgent = 256

// agentFamily is a User-Agent without digits.
func agentFamily(agent string) string {
	if len(agent) > maxUserAgent {
		agent = agent[:maxUserAgent]
	}
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || r == '.' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(agent, ""))
}

func networkOf(addr netip.Addr) string {
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return addr.String()
	}
	return prefix.String()
}
