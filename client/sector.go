package client

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// CheckSector compares the redirect URIs of a client with the document at its
// sector_identifier_uri, which lists those of every client that may share its
// subjects (OpenID Connect Registration 1.0 section 5): without it anybody could
// choose the sector of somebody else, and learn who people are there. get reads what
// is at an address. A client without such an address has no problem.
func CheckSector(ctx context.Context, get func(ctx context.Context, address string) ([]byte, error), m *Metadata) []Problem {
	const field = "sector_identifier_uri"
	if m.SectorIdentifierURI == "" {
		return nil
	}
	text, err := get(ctx, m.SectorIdentifierURI)
	if err != nil {
		return []Problem{{field, fmt.Sprintf("nothing could be read there: %v", err)}}
	}
	var listed []string
	if json.Unmarshal(text, &listed) != nil {
		return []Problem{{field, "its content is not a JSON array of redirect URIs"}}
	}
	var problems []Problem
	for i, uri := range m.RedirectURIs {
		if !slices.Contains(listed, uri) {
			problems = append(problems, Problem{fmt.Sprintf("redirect_uris[%d]", i), fmt.Sprintf("%q is not in the document at sector_identifier_uri", uri)})
		}
	}
	return problems
}
