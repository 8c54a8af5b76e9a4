package op

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

const (
	// signedSuffix ends the response modes whose answer is one signed JWT.
	signedSuffix = ".jwt"
	// signedAnswerType is the typ of such a JWT: libraries refuse what they do not know. It
	// has no sub, so that it is never taken for an ID token or an access token.
	signedAnswerType = "JWT"
	// signedAnswerLifetime is the longest that JARM section 2.1 recommends.
	signedAnswerLifetime = 10 * time.Minute
)

func isSigned(mode string) bool { return strings.HasSuffix(mode, signedSuffix) }

// signAnswer makes an answer one parameter: a JWT that says whose it is, for whom, and
// until when (JWT Secured Authorization Response Mode, JARM, section 2.1).
func (p *Provider) signAnswer(to delivery, answer url.Values) (url.Values, error) {
	claims := map[string]any{}
	for name := range answer {
		claims[name] = answer.Get(name)
	}
	claims["iss"], claims["aud"] = p.cfg.Issuer, to.ClientID
	claims["exp"] = p.cfg.Now().Add(signedAnswerLifetime).Unix()
	payload, err := json.Marshal(claims)
	if err != nil {
		return nil, fmt.Errorf("encode authorization response: %w", err)
	}
	signed, err := p.cfg.Keys.Sign(to.Alg, signedAnswerType, payload)
	if err != nil {
		return nil, fmt.Errorf("sign authorization response: %w", err)
	}
	return url.Values{"response": {signed}}, nil
}
