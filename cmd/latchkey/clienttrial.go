package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/op"
	"github.com/spf13/cobra"
)

// tried is what would become of a request of a client, as JSON: a form that others read, so
// its names stay as they are.
type tried struct {
	Request string `json:"request"`
	Taken   bool   `json:"taken"`
	*op.Refusal
}

func (t tried) write(out io.Writer) error {
	if t.Taken {
		return tell(out, "would be taken:   ", "%s", t.Request)
	}
	if t.Untried {
		return tell(out, "cannot be tried:  ", "%s: %s", t.Request, t.Description)
	}
	code, cause := "", ""
	switch {
	case t.Page:
		code = "people see a page: "
	case t.Code != "":
		code = t.Code + ": "
	}
	if t.Cause != "" {
		cause = " (" + t.Cause + ")"
	}
	return tell(out, "would be refused: ", "%s: %s%s%s", t.Request, code, t.Description, cause)
}

// fault is why a command that tried one request does not end well.
func (t tried) fault() error {
	if t.Untried {
		return errors.New("the authorization request cannot be tried")
	}
	return errors.New("the authorization request would be refused")
}

// shown is what somebody has of an application, to try what it would show.
type shown struct {
	secret       string
	key          *op.TrialKey
	certificates []*x509.Certificate
}

// shownFlags say where that is.
type shownFlags struct {
	secretStdin bool
	key, cert   string
}

func (f *shownFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.secretStdin, "secret-stdin", false, "read the application's secret from standard input, and check it")
	flags.StringVar(&f.key, "key", "", "a private key of the application: a `file` of PEM or a JWK, or - for standard input")
	flags.StringVar(&f.cert, "cert", "", "the application's TLS certificate and its chain: a `file` of PEM, or - for standard input")
}

// read reads them. A private key is used for signatures that never leave this process.
func (f *shownFlags) read(cmd *cobra.Command) (*shown, error) {
	all := &shown{}
	if f.key == "-" && f.cert == "-" || f.secretStdin && (f.key == "-" || f.cert == "-") {
		return nil, &usageError{errors.New("only one of --secret-stdin, --key and --cert can be on standard input")}
	}
	if f.secretStdin {
		secret, err := config.ReadSecret(cmd.InOrStdin())
		if err != nil {
			return nil, fmt.Errorf("the secret on standard input is unusable: %w", err)
		}
		all.secret = secret
	}
	if f.key != "" {
		text, err := readNamed(cmd, f.key)
		if err == nil {
			all.key, err = op.ReadTrialKey(text)
		}
		if err != nil {
			return nil, fmt.Errorf("--key %s: %w", f.key, err)
		}
	}
	if f.cert != "" {
		text, err := readNamed(cmd, f.cert)
		if err == nil {
			all.certificates, err = certificatesIn(text)
		}
		if err != nil {
			return nil, fmt.Errorf("--cert %s: %w", f.cert, err)
		}
	}
	return all, nil
}

// readNamed reads a file, or standard input where it is called -.
func readNamed(cmd *cobra.Command, name string) (text []byte, err error) {
	const most = 1 << 20
	in := cmd.InOrStdin()
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("open file: %w", err)
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	if text, err = io.ReadAll(io.LimitReader(in, most)); err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	return text, nil
}

func certificatesIn(text []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue // its key, perhaps, which nothing here needs
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
		chain = append(chain, certificate)
	}
	if len(chain) == 0 {
		return nil, errors.New("it holds no certificate in PEM")
	}
	return chain, nil
}

// trialOf judges requests of one client by the code of the endpoints, and can store nothing.
func (f *storeFlags) trialOf(p *dependencies, c *client.Client) (*op.Trial, error) {
	cfg := p.cfg
	certificates, err := mutualTLS(cfg.MutualTLS)
	if err != nil {
		return nil, err
	}
	return op.NewTrial(op.TrialConfig{
		Issuer: cfg.Issuer, Clients: client.NewRegistry(client.NewSnapshot([]client.Client{*c})), Hasher: p.hasher, Access: cfg.Catalog,
		Requirements: requirements(cfg.Tokens), SignUp: cfg.SignUp.Mode != account.SignUpOff,
		TrustedIssuers: cfg.Trusted(), MutualTLS: certificates, Fetch: p.fetcher(f.data != ""), EncryptionAlgs: cfg.SigningKeys.EncryptionAlgs, Now: p.now,
	}), nil
}

// authorizationQuery is an authorization request as the client's software would make it.
func authorizationQuery(c *client.Client, uri, responseType string) url.Values {
	challenge := sha256.Sum256([]byte("a verifier that nobody uses"))
	query := url.Values{
		"client_id": {c.ID}, "redirect_uri": {uri}, "response_type": {responseType}, "scope": {strings.Join(c.Scopes, " ")}, "state": {"trial"}, "nonce": {"trial"},
	}
	if client.InResponseType(responseType, "code") {
		query.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
		query.Set("code_challenge_method", "S256")
	}
	return query
}

// tryDiscovery reads the discovery document from where the client would.
func (p *dependencies) tryDiscovery(cmd *cobra.Command) tried {
	const what = "discovery"
	found, err := p.discover(cmd.Context(), http.Header{})
	switch {
	case err != nil:
		return tried{what, false, &op.Refusal{Description: "it cannot be read from here, `latchkey doctor` looks why: " + err.Error()}}
	case found.status != http.StatusOK || found.issuer == "":
		return tried{what, false, &op.Refusal{Description: fmt.Sprintf("another program answers there, with status %d", found.status)}}
	case found.issuer != p.cfg.Issuer:
		return tried{what, false, &op.Refusal{Description: "who answers there calls itself " + found.issuer}}
	}
	return tried{what, true, nil}
}

// tryRequest tries an authorization request that an application made: its whole address, or
// its query.
func tryRequest(cmd *cobra.Command, trial *op.Trial, request string) tried {
	query := request
	if _, after, whole := strings.Cut(request, "?"); whole {
		query = after
	}
	refused := trial.Authorize(cmd.Context(), query)
	return tried{"the authorization request", refused == nil, refused}
}
