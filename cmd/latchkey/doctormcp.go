package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/spf13/cobra"
)

func doctorMCPCommand() *cobra.Command {
	var document string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "mcp URL", Short: "Do what MCP clients do at a protected server, and explain the first refusal", Args: cobra.ExactArgs(1),
		Long: "mcp calls the MCP server at URL without a token, follows it to its metadata (RFC 9728) and to its provider (RFC 8414,\n" +
			"OpenID Connect Discovery), is known there by a document (--client) or registers itself and takes that back, asks to authorize, and\n" +
			"shows a code that is none. It signs nobody in. It stops at what a client would stop at, and ends with 1 there.",
		RunE: func(cmd *cobra.Command, args []string) error {
			m := &mcpClient{server: args[0], document: document, http: &http.Client{
				Timeout: doctorWait, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}}
			found := m.examine(cmd.Context())
			if err := tellDiagnoses(cmd.OutOrStdout(), found, asJSON); err != nil {
				return err
			}
			if !found[len(found)-1].OK {
				return errors.New("a client would stop here")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&document, "client", "", "be the client of this metadata document, instead of registering")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was found as JSON")
	return cmd
}

// mcpClient is as far as a client of the Model Context Protocol has come.
type mcpClient struct {
	server, document string
	http             *http.Client

	metadata string // where the server says that its metadata is
	resource protectedServer
	provider authorizationServer
	client   registeredClient
	scopes   []string
}

// protectedServer is RFC 9728 section 2, as far as clients read it.
type protectedServer struct {
	Resource string   `json:"resource"`
	Servers  []string `json:"authorization_servers"`
	Scopes   []string `json:"scopes_supported"`
}

// authorizationServer is RFC 8414 section 2, likewise.
type authorizationServer struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Registration  string   `json:"registration_endpoint"`
	Documents     bool     `json:"client_id_metadata_document_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	Scopes        []string `json:"scopes_supported"`
}

// registeredClient is who asks to authorize.
type registeredClient struct {
	ID           string   `json:"client_id"`
	RedirectURIs []string `json:"redirect_uris"`
	Method       string   `json:"token_endpoint_auth_method"`
	Management   string   `json:"registration_client_uri"`
	AccessToken  string   `json:"registration_access_token"`
}

// examine takes the steps in turn, up to the first that fails.
func (m *mcpClient) examine(ctx context.Context) []diagnosis {
	var found []diagnosis
	defer func() { m.forget(ctx) }()
	for _, step := range []struct {
		name string
		take func(context.Context) error
	}{
		{"refusal", m.refusal}, {"resource metadata", m.describeServer}, {"provider metadata", m.describeProvider}, {"PKCE", m.pkce},
		{"scopes", m.knownScopes}, {"client", m.become}, {"authorization", m.authorize}, {"token", m.token},
	} {
		err := step.take(ctx)
		one := diagnosis{Check: step.name, OK: err == nil}
		if known := (*ailment)(nil); errors.As(err, &known) {
			one.Problem, one.Fix = known.problem, known.fix
		} else if err != nil {
			one.Problem, one.Fix = err.Error(), "see that the address is right, and answers from where the client runs"
		}
		if found = append(found, one); err != nil {
			break
		}
	}
	return found
}

var resourceMetadata = regexp.MustCompile(`(?i)\bresource_metadata="?([^",\s]+)"?`)

// refusal calls the server without a token.
func (m *mcpClient) refusal(ctx context.Context) error {
	answer, err := m.call(ctx, http.MethodPost, m.server, "application/json", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "")
	switch {
	case err != nil:
		return err
	case answer.status != http.StatusUnauthorized:
		return ails("let the server answer requests without a token with 401 (RFC 6750 section 3): clients begin to authorize at nothing else",
			"%s answers %d to a request without a token", m.server, answer.status)
	}
	if found := resourceMetadata.FindStringSubmatch(strings.Join(answer.header.Values("WWW-Authenticate"), ", ")); found != nil {
		m.metadata = found[1]
	}
	return nil
}

// describeServer reads the metadata of the server: where it says that it is, or else at the
// well-known addresses, with its path and without (RFC 9728 section 3.1).
func (m *mcpClient) describeServer(ctx context.Context) error {
	const fix = `answer 401 with WWW-Authenticate: Bearer resource_metadata="ADDRESS", and serve the JSON of docs/mcp.md there`
	u, err := url.Parse(m.server)
	if err != nil {
		return err
	}
	candidates := []string{m.metadata}
	if m.metadata == "" {
		root := u.Scheme + "://" + u.Host + "/.well-known/oauth-protected-resource"
		candidates = []string{root + strings.TrimSuffix(u.Path, "/"), root}
	}
	if err := m.first(ctx, candidates, &m.resource); err != nil {
		return ails(fix, "the server says nowhere which provider it trusts: %v", err)
	}
	if !covers(m.resource.Resource, u) {
		return ails("let resource be the address that clients call, which they compare", "its metadata is about %q, and not about %s", m.resource.Resource, m.server)
	}
	if len(m.resource.Servers) == 0 {
		return ails("put the issuer of the provider into authorization_servers", "its metadata names no provider")
	}
	return nil
}

// covers reports whether a resource is an address, or above it (as the MCP SDKs judge it).
func covers(resource string, called *url.URL) bool {
	r, err := url.Parse(resource)
	if err != nil || r.Scheme != called.Scheme || r.Host != called.Host {
		return false
	}
	return strings.HasPrefix(strings.TrimSuffix(called.Path, "/")+"/", strings.TrimSuffix(r.Path, "/")+"/")
}

// describeProvider reads the metadata of the provider, in the order in which clients try.
func (m *mcpClient) describeProvider(ctx context.Context) error {
	issuer := m.resource.Servers[0]
	u, err := url.Parse(issuer)
	if err != nil {
		return err
	}
	root, path := u.Scheme+"://"+u.Host+"/.well-known/", strings.TrimSuffix(u.Path, "/")
	candidates := []string{root + "oauth-authorization-server" + path, root + "openid-configuration" + path}
	if path != "" {
		candidates = append(candidates, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	}
	if err := m.first(ctx, candidates, &m.provider); err != nil {
		return ails("let authorization_servers hold the issuer, and pass its well-known addresses on to it", "no metadata of the provider %s: %v", issuer, err)
	}
	if strings.TrimSuffix(m.provider.Issuer, "/") != strings.TrimSuffix(issuer, "/") {
		return ails("write the issuer of the provider into authorization_servers, letter by letter", "the server trusts %s, where the provider calls itself %s", issuer, m.provider.Issuer)
	}
	return nil
}

func (m *mcpClient) pkce(context.Context) error {
	if !slices.Contains(m.provider.Challenges, "S256") {
		return ails("clients refuse a provider without code_challenge_methods_supported: [S256]; Latchkey has it, so ask what is between", "the provider does not say that it knows PKCE")
	}
	return nil
}

func (m *mcpClient) knownScopes(context.Context) error {
	m.scopes = m.resource.Scopes
	for _, scope := range m.scopes {
		if len(m.provider.Scopes) > 0 && !slices.Contains(m.provider.Scopes, scope) {
			return ails("add it to scopes of the provider, with resource: "+m.resource.Resource+", or take it out of scopes_supported", "the server wants the scope %q, which the provider does not know", scope)
		}
	}
	return nil
}

// become is known by a document, or registers.
func (m *mcpClient) become(ctx context.Context) error {
	switch {
	case m.document != "" && !m.provider.Documents:
		return ails("set profile: mcp, or client_documents", "the provider takes no client metadata documents")
	case m.document != "":
		if _, err := client.CheckDocumentID(m.document); err != nil {
			return ails("give the https address of a document, with a path", "%s is no client_id: %v", m.document, err)
		}
		if err := m.first(ctx, []string{m.document}, &m.client); err != nil {
			return ails("publish the document", "%v", err)
		}
		if m.client.ID != m.document || len(m.client.RedirectURIs) == 0 {
			return ails("let client_id be the address of the document, and name redirect_uris", "the document at %s is not about itself", m.document)
		}
		return nil
	case m.provider.Registration == "" && m.provider.Documents:
		return ails("give one with --client, such as that of the client that you mean to use", "the provider knows clients by their documents alone, and there is none")
	case m.provider.Registration == "":
		return ails("set profile: mcp in the configuration of the provider", "the provider knows neither client metadata documents nor registration, so that no client can come")
	}
	body, err := json.Marshal(map[string]any{
		"client_name": "latchkey doctor", "redirect_uris": []string{"http://127.0.0.1/callback"}, "token_endpoint_auth_method": "none",
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
	})
	if err != nil {
		return err
	}
	answer, err := m.call(ctx, http.MethodPost, m.provider.Registration, "application/json", string(body), "")
	if err != nil {
		return err
	}
	if answer.status != http.StatusCreated || json.Unmarshal(answer.text, &m.client) != nil || m.client.ID == "" {
		return ails("set profile: mcp, or registration with mode: open; what else is wrong the answer says", "the provider does not register it: %d %s", answer.status, excerptOf(answer.text))
	}
	return nil
}

const doctorVerifier = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

// authorize asks for a code, and goes no further than to the page that asks who it is.
func (m *mcpClient) authorize(ctx context.Context) error {
	at, err := url.Parse(m.provider.Authorization)
	if err != nil {
		return err
	}
	query := url.Values{
		"response_type": {"code"}, "client_id": {m.client.ID}, "redirect_uri": {m.client.RedirectURIs[0]}, "resource": {m.resource.Resource},
		"state": {"doctor"}, "code_challenge": {doctorVerifier}, "code_challenge_method": {"S256"},
	}
	if len(m.scopes) > 0 {
		query.Set("scope", strings.Join(m.scopes, " "))
	}
	at.RawQuery = query.Encode()
	answer, err := m.call(ctx, http.MethodGet, at.String(), "", "", "")
	if err != nil {
		return err
	}
	if answer.status >= http.StatusBadRequest {
		return ails("the log of the provider says why, at `request refused` with this client_id", "the provider answers %d to the request for a code, and sends nobody back", answer.status)
	}
	back := answer.location
	if back == nil || !strings.HasPrefix(back.String(), m.client.RedirectURIs[0]) {
		return nil // to sign in
	}
	refused := back.Query()
	fix := "the provider explains it at " + refused.Get("error_uri")
	if refused.Get("error") == "invalid_target" {
		fix = "add " + m.resource.Resource + " to resources of the provider, and let such clients ask for it (profile: mcp, or client_documents.resources and registration.resources)"
	}
	if refused.Get("error") == "" {
		return nil
	}
	return ails(fix, "the provider refuses to issue a code: %s: %s", refused.Get("error"), refused.Get("error_description"))
}

// token shows a code that is none: a provider that knows the client says invalid_grant.
func (m *mcpClient) token(ctx context.Context) error {
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {m.client.ID}, "code": {"none"}, "redirect_uri": {m.client.RedirectURIs[0]},
		"code_verifier": {doctorVerifier}, "resource": {m.resource.Resource},
	}
	if m.client.Method != "" && m.client.Method != client.AuthMethodNone {
		return nil // it would take its key
	}
	answer, err := m.call(ctx, http.MethodPost, m.provider.Token, "application/x-www-form-urlencoded", form.Encode(), "")
	if err != nil {
		return err
	}
	var refused struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(answer.text, &refused) != nil || refused.Error != "invalid_grant" {
		return ails("let /token through to the provider as it is, and see its log for this client_id", "the token endpoint answers %d %s, where invalid_grant belongs", answer.status, excerptOf(answer.text))
	}
	return nil
}

// forget takes a registration back.
func (m *mcpClient) forget(ctx context.Context) {
	if m.client.Management == "" || m.client.AccessToken == "" {
		return
	}
	_, _ = m.call(ctx, http.MethodDelete, m.client.Management, "", "", m.client.AccessToken)
}

// first reads the first of addresses at which there is JSON.
func (m *mcpClient) first(ctx context.Context, addresses []string, to any) error {
	var errs []error
	for _, address := range addresses {
		answer, err := m.call(ctx, http.MethodGet, address, "", "", "")
		switch {
		case err != nil:
		case answer.status != http.StatusOK:
			err = fmt.Errorf("%s answers %d", address, answer.status)
		case json.Unmarshal(answer.text, to) != nil:
			err = fmt.Errorf("%s is no JSON object", address)
		default:
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// mcpAnswer is what came back to one request.
type mcpAnswer struct {
	status   int
	header   http.Header
	location *url.URL // nil where the answer sends nobody on
	text     []byte
}

// call makes one request, and reads so much of the answer as is needed.
func (m *mcpClient) call(ctx context.Context, method, address, contentType, body, token string) (*mcpAnswer, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewBufferString(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json, text/event-stream")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := m.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer := &mcpAnswer{status: response.StatusCode, header: response.Header}
	if to, err := response.Location(); err == nil {
		answer.location = to
	}
	answer.text, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return answer, err
}

// excerptOf is the beginning of an answer, in one line.
func excerptOf(text []byte) string {
	return fmt.Sprintf("%.300q", text)
}
