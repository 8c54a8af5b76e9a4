package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// mcpWorld is an MCP server and its provider, as they should be; what is in changed is in
// the place of what an address answers.
func mcpWorld(t *testing.T, changed map[string]http.HandlerFunc) (server string, deleted *bool) {
	t.Helper()
	deleted = new(bool)
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	said := func(body map[string]any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(body) }
	}
	for pattern, h := range map[string]http.HandlerFunc{
		"/mcp": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", resource_metadata="`+s.URL+`/.well-known/oauth-protected-resource/mcp"`)
			w.WriteHeader(http.StatusUnauthorized)
		},
		"/.well-known/oauth-protected-resource/mcp": said(map[string]any{"resource": s.URL + "/mcp", "authorization_servers": []string{s.URL}, "scopes_supported": []string{"tools.use"}}),
		"/.well-known/oauth-authorization-server": said(map[string]any{
			"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "registration_endpoint": s.URL + "/register",
			"code_challenge_methods_supported": []string{"S256"}, "scopes_supported": []string{"openid", "tools.use"},
		}),
		"/register": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_ = json.NewEncoder(w).Encode(map[string]any{"client_id": "x", "redirect_uris": []string{"http://127.0.0.1/callback"}, "registration_client_uri": s.URL + "/register/x", "registration_access_token": "t"})
		},
		"/register/x": func(_ http.ResponseWriter, r *http.Request) {
			*deleted = r.Method == http.MethodDelete && r.Header.Get("Authorization") == "Bearer t"
		},
		"/authorize": func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			if q.Get("resource") != s.URL+"/mcp" || q.Get("scope") != "tools.use" || q.Get("code_challenge_method") != "S256" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		},
		"/token": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		},
	} {
		if other, is := changed[pattern]; is {
			h = other
		}
		if h != nil {
			mux.HandleFunc(pattern, h)
		}
	}
	return s.URL + "/mcp", deleted
}

// doctorMCP runs the command, and returns what it says.
func doctorMCP(t *testing.T, server string, flags ...string) string {
	t.Helper()
	var out strings.Builder
	cmd := doctorMCPCommand()
	cmd.SetArgs(append([]string{server}, flags...))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	if wrong := strings.Contains(out.String(), "wrong  "); wrong != (err != nil) {
		t.Errorf("it ends with %v, and says %s", err, out.String())
	}
	return out.String()
}

// TestDoctorMCP does what clients do, up to the page that asks who it is, and leaves no
// registration behind.
func TestDoctorMCP(t *testing.T) {
	t.Parallel()
	server, deleted := mcpWorld(t, nil)
	said := doctorMCP(t, server)
	if strings.Contains(said, "wrong") || strings.Count(said, "ok     ") != 8 || !*deleted {
		t.Errorf("deleted %t: %s", *deleted, said)
	}
	// Without the challenge it finds the metadata at the well-known address.
	server, _ = mcpWorld(t, map[string]http.HandlerFunc{"/mcp": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }})
	if said := doctorMCP(t, server); strings.Contains(said, "wrong") {
		t.Error(said)
	}
}

// TestDoctorMCPExplainsTheFirstRefusal: each fault, and what is said of it.
func TestDoctorMCPExplainsTheFirstRefusal(t *testing.T) {
	t.Parallel()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(strings.ReplaceAll(text, "HOST", "http://"+r.Host)))
		}
	}
	const resource, provider = "/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server"
	for name, fault := range map[string]struct {
		path string
		h    http.HandlerFunc
		step string
		says string
	}{
		"open to all":          {"/mcp", status(http.StatusOK), "refusal", "401"},
		"forbidden":            {"/mcp", status(http.StatusForbidden), "refusal", "401"},
		"no metadata":          {resource, status(http.StatusNotFound), "resource metadata", "resource_metadata="},
		"no JSON":              {resource, says("<html>"), "resource metadata", "not a JSON object"},
		"about another":        {resource, says(`{"resource":"https://other.example/mcp","authorization_servers":["HOST"]}`), "resource metadata", "which they compare"},
		"no provider":          {resource, says(`{"resource":"HOST/mcp"}`), "resource metadata", "authorization_servers"},
		"no provider metadata": {provider, status(http.StatusNotFound), "provider metadata", "well-known"},
		"another issuer":       {provider, says(`{"issuer":"https://other.example"}`), "provider metadata", "letter by letter"},
		"no PKCE":              {provider, says(`{"issuer":"HOST"}`), "PKCE", "S256"},
		"an unknown scope":     {provider, says(`{"issuer":"HOST","code_challenge_methods_supported":["S256"],"scopes_supported":["openid"]}`), "scopes", "tools.use"},
		"no way in":            {provider, says(`{"issuer":"HOST","code_challenge_methods_supported":["S256"]}`), "client", "profile: mcp"},
		"documents alone":      {provider, says(`{"issuer":"HOST","code_challenge_methods_supported":["S256"],"client_id_metadata_document_supported":true}`), "client", "--client"},
		"not registered":       {"/register", status(http.StatusForbidden), "client", "registration"},
		"an error page":        {"/authorize", status(http.StatusBadRequest), "authorization", "request refused"},
		"an unknown resource": {"/authorize", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error=invalid_target&error_description=unknown", http.StatusSeeOther)
		}, "authorization", "to resources of the provider"},
		"an unknown client": {"/token", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"invalid_client"}`))
		}, "token", "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _ := mcpWorld(t, map[string]http.HandlerFunc{fault.path: fault.h})
			said := doctorMCP(t, server)
			if !strings.Contains(said, "wrong  "+fault.step+":") || !strings.Contains(said, fault.says) || strings.Count(said, "wrong  ") != 1 {
				t.Errorf("it says %s", said)
			}
		})
	}
	server, _ := mcpWorld(t, nil)
	if said := doctorMCP(t, server, "--client", "https://agent.example/client.json"); !strings.Contains(said, "wrong  client:") {
		t.Errorf("a document that does not count: %s", said)
	}
}
