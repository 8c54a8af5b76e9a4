package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func clientCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "client", Short: "Look at the applications that are registered"}
	cmd.AddCommand(clientListCommand(), clientShowCommand(), clientTestCommand(), clientAddSecretCommand(), clientRotateSecretCommand(), clientDeleteCommand(), registrationTokenCommand())
	return cmd
}

func clientTestCommand() *cobra.Command {
	var from storeFlags
	var has shownFlags
	var asJSON bool
	var request string
	cmd := &cobra.Command{
		Use: "test CLIENT", Short: "Show what to enter in an application, and check what it sends", Args: cobra.ExactArgs(1),
		Long: "test goes through what an application does: it reads the discovery document, judges the application's keys, then checks an\n" +
			"authorization request for each redirect URI (pushed, or in a request object, where the application is registered for that)\n" +
			"and the token requests, with the code of the endpoints and without issuing or storing anything. It says what would be\n" +
			"refused, and why. With the application's secret, key or certificate it also tries how the application authenticates.\n" +
			"With --request it checks one of the application's own authorization requests, and exits with 1 if that would be refused.",
		Example: "  latchkey client test wiki\n  latchkey client test wiki --request 'https://id.example.com/authorize?client_id=wiki&response_type=code'\n" +
			"  latchkey client test wiki --secret-stdin < /run/secrets/wiki\n  latchkey client test payroll --key payroll.pem\n" +
			"  latchkey client test orders --cert orders.pem",
		RunE: func(cmd *cobra.Command, args []string) error {
			given, err := has.read(cmd)
			if err != nil {
				return err
			}
			found, issuer, err := from.client(cmd, args[0])
			if err != nil {
				return err
			}
			tested := testClient(found, issuer)
			sector, err := from.checkSector(cmd.Context(), found)
			if err != nil {
				return err
			}
			tested.Advice = append(tested.Advice, sector...)
			if err := from.tryClient(cmd, found, request, given, &tested); err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(tested)
			} else {
				err = tested.write(cmd.OutOrStdout())
			}
			if err == nil && request != "" && !tested.Trials[0].Taken {
				err = tested.Trials[0].fault()
			}
			return err
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&request, "request", "", "an authorization request of the application: its `URL`, or the part after the ?")
	has.register(cmd)
	return cmd
}

// tryClient tries one request, where it is given, or else walks what an application does.
func (f *storeFlags) tryClient(cmd *cobra.Command, c *client.Client, request string, has *shown, into *clientTest) error {
	return f.withConfig(cmd, func(d *dependencies) error {
		trial, err := f.trialOf(d, c)
		if err != nil {
			return err
		}
		if request != "" {
			into.Trials = []tried{tryRequest(cmd, trial, request)}
			return nil
		}
		into.Trials = d.walk(cmd, trial, c, has)
		into.Advice = append(into.Advice, adviseCertificates(c, d.cfg)...)
		return nil
	})
}

// adviseCertificates says where a client has to send its certificate.
func adviseCertificates(c *client.Client, cfg *config.Config) []string {
	uses := c.CertificateBound || c.AllowsAuthMethod(client.AuthMethodTLS) || c.AllowsAuthMethod(client.AuthMethodSelfSignedTLS)
	if !uses || cfg.MutualTLS.URL == "" {
		return nil
	}
	return []string{"its TLS certificate is only asked for at " + cfg.MutualTLS.URL + ": have it use the addresses in mtls_endpoint_aliases of the discovery document"}
}

// clients returns the clients of the installation's configuration. It asks no store.
func (f *storeFlags) clients() ([]client.Client, error) {
	cfg, err := f.load()
	if err != nil {
		return nil, err
	}
	d, err := newDependencies(cfg, slog.New(slog.DiscardHandler), time.Now, nil)
	if err != nil {
		return nil, err
	}
	return d.clients()
}

// client returns a client of the installation's configuration, or else of its database.
func (f *storeFlags) client(cmd *cobra.Command, id string) (found *client.Client, issuer string, err error) {
	cfg, err := f.load()
	if err != nil {
		return nil, "", err
	}
	clients, err := f.clients()
	if err != nil {
		return nil, "", err
	}
	i := slices.IndexFunc(clients, func(c client.Client) bool { return c.ID == id })
	if i >= 0 {
		return &clients[i], cfg.Issuer, nil
	}
	err = f.withTables(cmd, func(store *sqlstore.Store, p *dependencies) (err error) {
		found, _, err = storedClient(cmd, store, p, id)
		return err
	})
	return found, cfg.Issuer, err
}

// checkSector says what the document at a client's sector_identifier_uri lacks.
func (f *storeFlags) checkSector(ctx context.Context, c *client.Client) ([]string, error) {
	cfg, err := f.load()
	if err != nil {
		return nil, err
	}
	d, err := newDependencies(cfg, slog.New(slog.DiscardHandler), time.Now, nil)
	if err != nil {
		return nil, err
	}
	documents := d.fetcher(f.data != "")
	var advice []string
	for _, problem := range client.CheckSector(ctx, func(ctx context.Context, address string) ([]byte, error) {
		answer, err := documents.Get(ctx, address, fetch.Request{Accept: "application/json"})
		if err != nil {
			return nil, err
		}
		return answer.Body, nil
	}, &c.Metadata) {
		advice = append(advice, problem.Field+": "+problem.Message)
	}
	return advice, nil
}

// clientTest is what somebody who sets up an application needs to know.
type clientTest struct {
	Issuer       string      `json:"issuer"`
	ID           string      `json:"client_id"`
	Type         client.Type `json:"type"`
	AuthMethods  []string    `json:"auth_methods"`
	RedirectURIs []string    `json:"redirect_uris"`
	Scopes       []string    `json:"scopes"`
	RequirePKCE  bool        `json:"require_pkce"`
	// Advice is what its software probably has to be told.
	Advice []string `json:"advice"`
	// Trials are what would become of its requests.
	Trials []tried `json:"trials"`
}

func testClient(c *client.Client, issuer string) clientTest {
	t := clientTest{
		Issuer: issuer, ID: c.ID, Type: c.Type, AuthMethods: c.AuthMethods(), RedirectURIs: c.RedirectURIs, Scopes: c.Scopes,
		RequirePKCE: c.AllowsGrant(client.GrantAuthorizationCode) && c.RequiresPKCE(), Advice: []string{},
	}
	if !t.RequirePKCE {
		return t
	}
	for _, uri := range c.RedirectURIs {
		if _, known := client.SoftwareAt(uri); known {
			t.Advice = append(t.Advice, c.PKCEAdvice(uri))
		}
	}
	if len(t.Advice) == 0 {
		t.Advice = append(t.Advice, "if the log says `code_challenge is missing`: "+c.PKCEAdvice(""))
	}
	return t
}

func (t clientTest) write(out io.Writer) error {
	p := pairs{out: out}
	pkce := "not required; a challenge that is sent is verified"
	if t.RequirePKCE {
		pkce = "required, S256"
	}
	for _, line := range [][2]string{
		{"issuer", t.Issuer}, {"client id", t.ID}, {"type", string(t.Type)}, {"authentication", strings.Join(t.AuthMethods, " or ")},
		{"redirect URIs", strings.Join(t.RedirectURIs, " ")}, {"scopes", strings.Join(t.Scopes, " ")}, {"PKCE", pkce},
	} {
		p.add(line[0], "%s", line[1])
	}
	err := p.end()
	for _, trial := range t.Trials {
		err = errors.Join(err, trial.write(out))
	}
	for _, advice := range t.Advice {
		err = errors.Join(err, tell(out, "advice: ", "%s", advice))
	}
	return err
}
