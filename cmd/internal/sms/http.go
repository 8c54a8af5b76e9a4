package sms

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"text/template"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/storage"
)

// HTTPConfig is what a Sender over any gateway is made of.
type HTTPConfig struct {
	URL string
	// User and Password are of basic authentication; an empty User is none.
	User, Password string
	Headers        http.Header
	// Body is a template over [Text].
	Body, ContentType string
	From              string
	Timeout           time.Duration
	Roots             *x509.CertPool
}

// Text is what the template of a body is given.
type Text struct {
	To, From, Text string
	// ID is the same whenever a message is tried again.
	ID string
}

// NewHTTP makes a Sender that posts a body of the operator's making.
func NewHTTP(cfg HTTPConfig) (*Sender, error) {
	body, err := template.New("sms.body").Option("missingkey=error").Funcs(template.FuncMap{"json": quote}).Parse(cfg.Body)
	if err != nil {
		return nil, fmt.Errorf("sms.body: %w", err)
	}
	g := &custom{cfg: cfg, body: body}
	sample, err := g.write(Text{To: "+4915112345678", From: cfg.From, Text: "a \"quoted\" text\n", ID: "1"})
	if err != nil {
		return nil, fmt.Errorf("sms.body: %w", err)
	}
	if media, _, err := mime.ParseMediaType(cfg.ContentType); err != nil {
		return nil, fmt.Errorf("sms.content_type: %w", err)
	} else if media == "application/json" && !json.Valid([]byte(sample)) {
		return nil, errNoTemplate
	}
	return newSender(g, cfg.Timeout, cfg.Roots), nil
}

type custom struct {
	cfg  HTTPConfig
	body *template.Template
}

// quote writes a value as JSON.
func quote(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func (c *custom) write(t Text) (string, error) {
	var b strings.Builder
	if err := c.body.Execute(&b, t); err != nil {
		return "", err
	}
	return b.String(), nil
}

func (c *custom) request(ctx context.Context, id storage.ID, to, text string) (*http.Request, error) {
	body, err := c.write(Text{To: to, From: c.cfg.From, Text: text, ID: string(id)})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.URL, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = c.cfg.Headers.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	request.Header.Set("Content-Type", c.cfg.ContentType)
	// Many gateways know a request that they have seen by this header.
	request.Header.Set("Idempotency-Key", string(id))
	if c.cfg.User != "" {
		request.SetBasicAuth(c.cfg.User, c.cfg.Password)
	}
	return request, nil
}

// refused takes for final what says that this very message is not right.
func (c *custom) refused(status int, _ []byte) *delivery.Error {
	e := byStatus(status)
	if status == http.StatusBadRequest || status == http.StatusUnprocessableEntity {
		e.Step, e.Permanent = delivery.StepRecipient, true
	}
	return e
}
