package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

// TestClientsAreWritten follows a client of the database: made, with a secret that is
// told once, changed by who read it last, and deleted.
func TestClientsAreWritten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.owner()
	create, replace := described(t, "clients.create"), described(t, "clients.replace")
	made := s.send(token, create, sample{"/clients", `{"client_id":"wiki","metadata":` + webMetadata + `}`})
	s.want(made, http.StatusCreated)
	var shown struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
		Source string `json:"source"`
	}
	if err := json.Unmarshal([]byte(made.Text), &shown); err != nil || shown.ID != "wiki" || len(shown.Secret) < 43 || shown.Source != "administrator" {
		t.Errorf("made %+v, %v", shown, err)
	}
	row, err := s.Store.Clients().ByID(t.Context(), "wiki")
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := json.Marshal(row); err != nil || strings.Contains(string(kept), shown.Secret) {
		t.Errorf("the secret is kept, %v", err)
	}
	again := s.send(token, described(t, "clients.show"), sample{"/clients/wiki", ""})
	s.want(again, http.StatusOK)
	if strings.Contains(again.Text, "client_secret\"") {
		t.Errorf("the secret is told again: %s", again.Text)
	}
	s.want(s.send(token, create, sample{"/clients", `{"client_id":"wiki","metadata":` + webMetadata + `}`}), http.StatusConflict)
	for body, field := range map[string]string{
		`{"metadata":{"redirect_uris":["http://wiki.example/cb"]}}`:                                        "body.metadata.redirect_uris[0]",
		`{"metadata":{"redirect_uris":["https://wiki.example/cb"],"refresh_lifetime":"long"}}`:             "body.metadata",
		`{"metadata":{"redirect_uris":["https://wiki.example/cb"],"redirect_urls":[]}}`:                    "body.metadata",
		`{"metadata":{"redirect_uris":["https://wiki.example/cb"],"subject_type":"pairwise"}}`:             "body.metadata.subject_type",
		`{"metadata":{"redirect_uris":["https://w/cb"],"token_endpoint_auth_method":"client_secret_jwt"}}`: "body.metadata.token_endpoint_auth_method",
		`{"metadata":{"client_type":"service","grant_types":["authorization_code"],"redirect_uris":[]}}`:   "body.metadata.grant_types",
		`{"metadata":{}}`: "body.metadata.redirect_uris",
	} {
		a := s.send(token, replace, sample{"/clients/wiki", body})
		s.want(a, http.StatusUnprocessableEntity)
		if !strings.Contains(a.Text, `"location":"`+field) {
			t.Errorf("%s: %s, want one at %s", body, a.Text, field)
		}
	}
	changed := s.send(token, replace, sample{"/clients/wiki", `{"metadata":{"client_name":"W","redirect_uris":["https://wiki.example/cb"],"consent":"implied"}}`})
	s.want(changed, http.StatusOK)
	if now, err := s.Store.Clients().ByID(t.Context(), "wiki"); err != nil || now.Version != 2 || len(now.Secrets) != 1 {
		t.Errorf("after a change: %+v, %v", now, err)
	}
	s.want(s.send(token, described(t, "clients.delete"), sample{"/clients/wiki", ""}), http.StatusNoContent)
	s.want(s.send(token, described(t, "clients.delete"), sample{"/clients/wiki", ""}), http.StatusNotFound)
}

// TestClientsOfFilesAreReadOnly: whoever wants to change one is told where it stands.
func TestClientsOfFilesAreReadOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.owner()
	for id, with := range map[string]sample{
		"clients.create":     {"/clients", `{"client_id":"console","metadata":` + webMetadata + `}`},
		"clients.replace":    {"/clients/console", `{"metadata":` + webMetadata + `}`},
		"clients.add_secret": {"/clients/console/secrets", `{}`},
		"clients.delete":     {"/clients/console", ""},
	} {
		a := s.send(token, described(t, id), with)
		s.want(a, http.StatusConflict)
		if !strings.Contains(a.Text, "latchkey.yaml, line 7") {
			t.Errorf("%s: %s does not name the place", id, a.Text)
		}
	}
}

// TestAD1_ClientsThatAdministerAreOfOwners: whoever may write clients, and is no owner,
// can make none that administers, nor take one over.
func TestAD1_ClientsThatAdministerAreOfOwners(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	service := s.service("admin:clients.write")
	const powerful = `{"client_type":"service","scope":"admin:owner"}`
	with := func(metadata string) string { return fmt.Sprintf(`{"metadata":%s}`, metadata) }
	powers, provisions := s.storedClient(powerful), s.storedClient(`{"client_type":"service","scope":"scim"}`)
	harmless := s.storedClient(webMetadata)
	before := s.state()
	for name, try := range map[string]struct {
		id   string
		with sample
	}{
		"make one":                 {"clients.create", sample{"/clients", with(powerful)}},
		"make one by resource":     {"clients.create", sample{"/clients", with(`{"client_type":"service","resources":["` + admin.Resource + `"]}`)}},
		"make one that provisions": {"clients.create", sample{"/clients", with(`{"client_type":"service","scope":"scim"}`)}},
		"make one that exchanges":  {"clients.create", sample{"/clients", with(`{"client_type":"service","token_exchange":[{"resources":["` + admin.ProvisioningResource + `"]}]}`)}},
		"make one that vouches":    {"clients.create", sample{"/clients", with(`{"client_type":"service","trusted_subjects":[{"resources":["` + admin.Resource + `"]}]}`)}},
		"be a source":              {"clients.add_secret", sample{"/clients/" + provisions + "/secrets", `{}`}},
		"raise one":                {"clients.replace", sample{"/clients/" + harmless, with(powerful)}},
		"take one over":            {"clients.add_secret", sample{"/clients/" + powers + "/secrets", `{}`}},
		"change one":               {"clients.replace", sample{"/clients/" + powers, with(webMetadata)}},
		"delete one":               {"clients.delete", sample{"/clients/" + powers, ""}},
	} {
		refusals := len(s.events(storage.EventChangeRefused))
		s.want(s.send(service, described(t, try.id), try.with), http.StatusForbidden)
		if len(s.events(storage.EventChangeRefused)) != refusals+1 {
			t.Errorf("%s: no event says that it was tried", name)
		}
	}
	if s.state() != before {
		t.Error("something changed")
	}
}

// TestClientsWhoseIDIsAnAddress: a client that is known by its document has slashes in
// its id, which are escaped in the path.
func TestClientsWhoseIDIsAnAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token, now := s.owner(), s.Clock.Now()
	id := "https://app.example.com/oauth//client?v=1&" + strings.Repeat("x", 214)
	row := &storage.Client{
		ID: id, Source: storage.ClientByDocument, Version: 1, CreatedAt: now, UpdatedAt: now,
		Metadata: []byte(`{"client_name":"App","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`),
	}
	if err := s.Store.Clients().Create(t.Context(), row, storage.ClientAdmission{}, s.Event(storage.EventClientRegistered)); err != nil || len(id) != 256 {
		t.Fatalf("an id of %d bytes: %v", len(id), err)
	}
	at := sample{"/clients/" + url.PathEscape(id), ""}
	shown := s.send(token, described(t, "clients.show"), at)
	s.want(shown, http.StatusOK)
	var client struct {
		ID     string `json:"client_id"`
		Source string `json:"source"`
	}
	if err := json.Unmarshal([]byte(shown.Text), &client); err != nil || client.ID != id || client.Source != "document" {
		t.Errorf("shown %+v, %v", client, err)
	}
	s.want(s.send(token, described(t, "clients.delete"), at), http.StatusNoContent)
	s.want(s.send(token, described(t, "clients.show"), at), http.StatusNotFound)
}
