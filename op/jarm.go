package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
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
// until when (JWT Secured Authorization Response Mode, JARM, section 2.1). It is
// encrypted as well where its client is registered so (section 2.2).
func (p *Provider) signAnswer(ctx context.Context, to delivery, answer url.Values) (url.Values, error) {
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
	c, err := p.encryptedTo(ctx, to)
	if err != nil {
		return nil, err
	}
	if c != nil {
		if signed, err = p.encryptTo(ctx, c, c.AuthorizationEncryption(), signedAnswerType, []byte(signed), true); err != nil {
			return nil, noAnswerPage(err)
		}
	}
	return url.Values{"response": {signed}}, nil
}

// encryptedTo is the client that an answer is to be encrypted to, as it is registered now;
// nil where it is not encrypted.
func (p *Provider) encryptedTo(ctx context.Context, to delivery) (*client.Client, error) {
	if !isSigned(string(to.Mode)) {
		return nil, nil
	}
	c, err := p.cfg.Clients.Client(ctx, to.ClientID)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return nil, unknownClientPage(to.ClientID, err)
	case err != nil:
		return nil, lookupPage(err)
	case !c.AuthorizationEncryption().Wanted():
		return nil, nil
	}
	return c, nil
}

// readyToAnswer finds out whether the client can be answered at all before anything is
// spent for the answer.
func (p *Provider) readyToAnswer(ctx context.Context, to delivery) error {
	c, err := p.encryptedTo(ctx, to)
	if c == nil || err != nil {
		return err
	}
	if _, err := p.encryptionKey(ctx, c, c.AuthorizationEncryption().Alg); err != nil {
		return noAnswerPage(err)
	}
	return nil
}

// noAnswerPage says that the client has no key to encrypt its answer to. It gets none in
// the clear instead, not even an error: it asked that nobody on the way could read it.
func noAnswerPage(err error) error {
	if why := (*Error)(nil); !errors.As(err, &why) || why.Code != codeInvalidClientMetadata {
		return web.Unavailable(err)
	}
	return badForm(fmt.Errorf("encrypt authorization response: %w", err))
}
