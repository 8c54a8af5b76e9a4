package registration

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// unpublished are members that are not read from a document which a client publishes of
// itself: they would have more addresses called, or shown in frames, for somebody who
// showed nothing, and a document vouches for nobody.
var unpublished = []string{
	"sector_identifier_uri", "request_uris", "initiate_login_uri", "backchannel_logout_uri", "backchannel_logout_session_required",
	"frontchannel_logout_uri", "frontchannel_logout_session_required",
}

// Published judges the metadata document of a client, which was read at id
// (draft-ietf-oauth-client-id-metadata-document). The row that it answers with is in no
// store. Its error is an [*Error] where the document is to blame.
func (r *Registrar) Published(ctx context.Context, id string, body []byte) (*Registered, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil || all == nil {
		return nil, invalidMetadata(client.Problem{Message: "it is not a JSON object"})
	}
	var named, method string
	if json.Unmarshal(all["client_id"], &named) != nil || named != id {
		return nil, invalidMetadata(client.Problem{Field: "client_id", Message: "it must be exactly the address of the document"})
	}
	if raw, there := all["token_endpoint_auth_method"]; there && json.Unmarshal(raw, &method) != nil {
		return nil, invalidMetadata(client.Problem{Field: "token_endpoint_auth_method", Message: "it is not text"})
	}
	var problems []client.Problem
	for _, name := range []string{"client_secret", "client_secret_expires_at"} {
		if _, there := all[name]; there {
			problems = append(problems, client.Problem{Field: name, Message: "anyone can read the document, so it must not contain a secret; remove it"})
		}
	}
	switch method {
	case "", client.AuthMethodNone, client.AuthMethodPrivateKeyJWT:
	default:
		problems = append(problems, client.Problem{Field: "token_endpoint_auth_method", Message: "a client known by its document has no secret; use none or private_key_jwt"})
	}
	if len(problems) > 0 {
		return nil, invalidMetadata(problems...)
	}
	for _, name := range unpublished {
		delete(all, name)
	}
	var s Submission
	if err := s.read(all); err != nil {
		return nil, err
	}
	m := &s.document.Metadata
	if m.AuthMethod == "" {
		m.AuthMethod = client.AuthMethodNone
	}
	if m.AuthMethod == client.AuthMethodNone && m.ApplicationType == "" && slices.ContainsFunc(m.RedirectURIs, leavesWeb) {
		m.Type = client.TypeNative
	}
	if !slices.ContainsFunc(m.Scopes, func(scope string) bool { return slices.Contains(r.cfg.Policy.Scopes, scope) }) {
		m.Scopes = nil // written for another provider: as if it said nothing
	}
	if m.Name == "" {
		m.Name = hostOf(id)
	}
	return r.prepare(ctx, &storage.Client{ID: id, Source: storage.ClientByDocument, Version: 1}, &s)
}

// leavesWeb reports whether an address leads to an installed application.
func leavesWeb(redirectURI string) bool { return !strings.HasPrefix(redirectURI, "https://") }

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
