package op

import (
	"cmp"
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
func (m *maker) addClaims(payload []byte, clientID string, about *storage.User, extra claimList) ([]byte, error) {
	size := len(payload)
	if len(extra) == 0 {
		return payload, nil
	}
	encoded, texts := make([]encodedClaim, 0, len(extra)+1), make([]byte, 0, 256)
	for _, c := range extra {
		if protocolClaims[c.name] {
			continue
		}
		begin := len(texts)
		var err error
		if texts, err = appendValue(texts, c.value); err != nil {
			return nil, fmt.Errorf("encode claim %s: %w", c.name, err)
		}
		encoded = append(encoded, encodedClaim{c.name, texts[begin:]})
		size += encoded[len(encoded)-1].size()
	}
	if len(encoded) == 0 {
		return payload, nil
	}
	if size > maxPayload {
		var omitted []string
		if encoded, omitted = fitting(encoded, size-maxPayload); len(omitted) > 0 {
			m.log.Warn("claims are too large for a token and were left out: reduce them, for example with the client's groups.prefix, or have it use userinfo",
				"claims", omitted, "client_id", clientID, "user_id", about.ID)
			encoded = append(encoded, encodedClaim{omittedClaims, appendTexts(nil, omitted)})
		}
	}
	slices.SortFunc(encoded, func(a, b encodedClaim) int { return strings.Compare(a.name, b.name) })
	payload = append(make([]byte, 0, size+2), payload[:len(payload)-1]...)
	for _, claim := range encoded { // no name of a claim holds what JSON escapes
		payload = append(append(append(payload, `,"`...), claim.name...), `":`...)
		payload = append(payload, claim.text...)
	}
	return append(payload, '}'), nil
}

// protocolClaims are those of the protocol itself, which nothing that is said of a person
// takes the place of.
var protocolClaims = parameterSet(client.ProtocolClaims())

// encodedClaim is a claim as JSON.
type encodedClaim struct {
	name string
	text []byte
}

func (c encodedClaim) size() int { return len(c.name) + len(c.text) + len(`"":,`) }

// fitting leaves out claims of the installation's own, the largest first, until they
// are shorter by so many bytes.
func fitting(claims []encodedClaim, by int) (left []encodedClaim, omitted []string) {
	slices.SortFunc(claims, func(a, b encodedClaim) int { return cmp.Or(b.size()-a.size(), strings.Compare(a.name, b.name)) })
	for _, claim := range claims {
		if by <= 0 || slices.Contains(client.PersonClaims(), claim.name) {
			left = append(left, claim)
			continue
		}
		by -= claim.size()
		omitted = append(omitted, claim.name)
	}
	return left, omitted
}
