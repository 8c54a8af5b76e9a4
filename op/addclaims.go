package op

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// maxPayload bounds what a token says, in bytes: with its signature it is to pass as a
// header, or within one, where most servers take 8 KiB.
const maxPayload = 5 << 10

// omittedClaims names the claims that a token does not hold because they are too large.
const omittedClaims = "omitted_claims"

// addClaims appends what is said of a person. Claims of the installation's own that would
// make the token larger than maxPayload are left out whole, the largest first, which the token itself and the
// log say: part of a list would pass for all of it.
func (m *maker) addClaims(payload []byte, clientID string, about *storage.User, extra map[string]any) ([]byte, error) {
	for _, name := range client.ProtocolClaims() {
		delete(extra, name)
	}
	if len(extra) == 0 {
		return payload, nil
	}
	size, sizes, own := len(payload), map[string]int{}, []string{}
	encoded := make(map[string]json.RawMessage, len(extra)+1)
	for name, value := range extra {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("encode claim %s: %w", name, err)
		}
		encoded[name], sizes[name] = text, len(name)+len(text)+len(`"":,`)
		size += sizes[name]
		if !slices.Contains(client.PersonClaims(), name) {
			own = append(own, name)
		}
	}
	var omitted []string
	slices.SortFunc(own, func(a, b string) int { return cmp.Or(sizes[b]-sizes[a], strings.Compare(a, b)) })
	for _, largest := range own {
		if size <= maxPayload {
			break
		}
		delete(encoded, largest)
		size -= sizes[largest]
		omitted = append(omitted, largest)
	}
	if len(omitted) > 0 {
		m.log.Warn("claims are too large for a token and were left out: narrow them, such as by the client's groups.prefix, or have it ask userinfo",
			"claims", omitted, "client_id", clientID, "user_id", about.ID)
		text, err := json.Marshal(omitted)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", omittedClaims, err)
		}
		encoded[omittedClaims] = text
	}
	more, err := json.Marshal(encoded)
	if err != nil {
		return nil, fmt.Errorf("encode claims of a person: %w", err)
	}
	payload[len(payload)-1] = ','
	return append(payload, more[1:]...), nil
}
