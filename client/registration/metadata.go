package registration

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/latchkey-id/latchkey/client"
)

// members are those of a registration that are read and shown: what RFC 7591, OpenID
// Connect Dynamic Client Registration 1.0, and the specifications that register more
// with IANA have. Whatever else a client sends is ignored (RFC 7591 section 2), our own
// extensions above all (mass assignment).
var members = []string{
	"redirect_uris", "token_endpoint_auth_method", "grant_types", "response_types", "client_name", "client_uri", "logo_uri", "scope",
	"contacts", "tos_uri", "policy_uri", "jwks_uri", "jwks", "software_id", "software_version",
	"application_type", "sector_identifier_uri", "subject_type", "id_token_signed_response_alg", "id_token_encrypted_response_alg",
	"id_token_encrypted_response_enc", "userinfo_signed_response_alg", "userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc",
	"request_object_signing_alg", "request_object_encryption_alg", "request_object_encryption_enc", "token_endpoint_auth_signing_alg",
	"default_max_age", "require_auth_time", "default_acr_values", "initiate_login_uri", "request_uris",
	"authorization_signed_response_alg", "authorization_encrypted_response_alg", "authorization_encrypted_response_enc",
	"introspection_encrypted_response_alg", "introspection_encrypted_response_enc", "require_pushed_authorization_requests", "dpop_bound_access_tokens",
	"tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip", "tls_client_auth_san_email",
	"tls_client_certificate_bound_access_tokens",
	"introspection_signed_response_alg", "post_logout_redirect_uris", "backchannel_logout_uri", "backchannel_logout_session_required",
	"frontchannel_logout_uri", "frontchannel_logout_session_required",
}

// Bounds of what somebody who shows nothing may have kept.
const (
	maxList = 20
	maxText = 2000
	maxName = 100
)

// document is what the database keeps of a client: its metadata, and what is only told
// back to it.
type document struct {
	client.Metadata
	SoftwareID      string `json:"software_id,omitempty"`
	SoftwareVersion string `json:"software_version,omitempty"`
	// Statement is the software statement as it came (RFC 7591 section 3.2.1).
	Statement string `json:"software_statement,omitempty"`
}

// Submission is what a client sent of itself.
type Submission struct {
	document document
	// ClientID and Secret are what an update says of itself (RFC 7592 section 2.2).
	clientID, secret string
	// forbidden are members that an update must not have.
	forbidden []string
}

// Statement is the software statement that came with it, to be verified; empty: none.
func (s *Submission) Statement() string { return s.document.Statement }

// Parse reads what a client sent, which is a JSON object. Its error is an [*Error].
func Parse(body []byte) (*Submission, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil || all == nil {
		return nil, invalidMetadata(client.Problem{Message: "the body is no JSON object"})
	}
	var s Submission
	for _, name := range []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"} {
		if _, there := all[name]; there {
			s.forbidden = append(s.forbidden, name)
		}
	}
	for name, to := range map[string]*string{"software_statement": &s.document.Statement, "client_id": &s.clientID, "client_secret": &s.secret} {
		if raw, there := all[name]; there && json.Unmarshal(raw, to) != nil {
			return nil, invalidMetadata(client.Problem{Field: name, Message: "it is no text"})
		}
	}
	return &s, s.read(all)
}

// read lays members over what is there.
func (s *Submission) read(all map[string]json.RawMessage) error {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		raw := all[name]
		if !slices.Contains(members, name) || string(raw) == "null" { // null is as absent (RFC 7592 section 2.2)
			continue
		}
		one, err := json.Marshal(map[string]json.RawMessage{name: raw})
		if err == nil {
			err = json.Unmarshal(one, &s.document)
		}
		if err != nil {
			return invalidMetadata(client.Problem{Field: name, Message: "it cannot be read: " + plain(err)})
		}
	}
	return nil
}

// plain says what is wrong with JSON without the names of our types.
func plain(err error) string {
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return "a " + wrong.Value + " does not belong there"
	}
	return err.Error()
}

// Attest lays the claims of a verified software statement over what the client says of
// itself: they come first (RFC 7591 section 2.3).
func (s *Submission) Attest(claims []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(claims, &all); err != nil {
		return &Error{Code: CodeInvalidStatement, Description: "its claims cannot be read"}
	}
	if err := s.read(all); err != nil {
		return &Error{Code: CodeInvalidStatement, Description: err.Error()}
	}
	return nil
}

// bounded returns what is too much or no text in what somebody had us keep.
func (d *document) bounded() []client.Problem {
	var problems []client.Problem
	add := func(field, format string, args ...any) {
		problems = append(problems, client.Problem{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	text := func(field, value string, most int) {
		switch {
		case len(value) > most:
			add(field, "it is longer than %d bytes", most)
		case strings.IndexFunc(value, isInvisible) >= 0:
			add(field, "it has characters that cannot be seen")
		}
	}
	for field, value := range map[string]string{
		"client_uri": d.ClientURI, "logo_uri": d.LogoURI, "policy_uri": d.PolicyURI, "tos_uri": d.TOSURI, "jwks_uri": d.JWKSURI,
		"sector_identifier_uri": d.SectorIdentifierURI, "initiate_login_uri": d.InitiateLoginURI, "software_id": d.SoftwareID,
		"software_version": d.SoftwareVersion, "tls_client_auth_subject_dn": d.TLSSubjectDN, "tls_client_auth_san_dns": d.TLSSANDNS,
		"tls_client_auth_san_uri": d.TLSSANURI, "tls_client_auth_san_ip": d.TLSSANIP, "tls_client_auth_san_email": d.TLSSANEmail, "backchannel_logout_uri": d.BackchannelLogoutURI, "frontchannel_logout_uri": d.FrontchannelLogoutURI,
	} {
		text(field, value, maxText)
	}
	text("client_name", d.Name, maxName)
	for field, list := range map[string][]string{
		"redirect_uris": d.RedirectURIs, "post_logout_redirect_uris": d.PostLogoutRedirectURIs, "request_uris": d.RequestURIs,
		"contacts": d.Contacts, "default_acr_values": d.DefaultACR,
	} {
		if len(list) > maxList {
			add(field, "use at most %d", maxList)
		}
		for i, value := range list {
			text(fmt.Sprintf("%s[%d]", field, i), value, maxText)
		}
	}
	slices.SortFunc(problems, func(a, b client.Problem) int { return strings.Compare(a.Field, b.Field) })
	return problems
}

// isInvisible reports whether a character could hide or turn around what people read
// (spoofing): controls, and those that set the direction of text.
func isInvisible(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// shown are the members of a document that a client is told.
func (d *document) shown() (map[string]any, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("show client metadata: %w", err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("show client metadata: %w", err)
	}
	maps.DeleteFunc(all, func(name string, _ any) bool {
		return name != "software_statement" && !slices.Contains(members, name)
	})
	return all, nil
}
