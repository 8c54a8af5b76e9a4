package sms

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/storage"
)

// TwilioConfig is what a Sender over Twilio's API is made of.
type TwilioConfig struct {
	// URL is where the API is; empty is Twilio's own.
	URL            string
	Account, Token string
	// From is a number, a name, or the SID of a messaging service.
	From    string
	Timeout time.Duration
	Roots   *x509.CertPool
}

// NewTwilio makes a Sender over Twilio's Messages resource.
func NewTwilio(cfg TwilioConfig) *Sender {
	if cfg.URL == "" {
		cfg.URL = "https://api.twilio.com"
	}
	return newSender(&twilio{cfg}, cfg.Timeout, cfg.Roots)
}

type twilio struct{ cfg TwilioConfig }

func (t *twilio) request(ctx context.Context, _ storage.ID, to, text string) (*http.Request, error) {
	form := url.Values{"To": {to}, "Body": {text}}
	if strings.HasPrefix(t.cfg.From, "MG") {
		form.Set("MessagingServiceSid", t.cfg.From)
	} else {
		form.Set("From", t.cfg.From)
	}
	address := strings.TrimSuffix(t.cfg.URL, "/") + "/2010-04-01/Accounts/" + url.PathEscape(t.cfg.Account) + "/Messages.json"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(t.cfg.Account, t.cfg.Token)
	return request, nil
}

// aboutTheNumber are Twilio's errors that another try would meet again: the
// number is none, cannot get texts, does not want them, or is in a country that
// the account does not send to.
var aboutTheNumber = []int{21211, 21214, 21217, 21265, 21408, 21421, 21610, 21612, 21614, 21635}

// refused reads Twilio's error code; its words may quote the number.
func (t *twilio) refused(status int, body []byte) *delivery.Error {
	e := byStatus(status)
	var answer struct {
		Code int `json:"code"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Code == 0 {
		return e
	}
	e.Reason += fmt.Sprintf(" with code %d", answer.Code)
	if slices.Contains(aboutTheNumber, answer.Code) {
		e.Step, e.Permanent = delivery.StepRecipient, true
	}
	return e
}
