package op

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/client"
)

// clientSecretBasic is client_secret_basic: a secret in the Authorization header
// (RFC 6749 section 2.3.1).
var clientSecretBasic = authMethod{name: client.AuthMethodBasic, presented: basicCredentials, proves: (*Provider).provesSecret}

// basicCredentials reads the header. By the letter both halves are form-encoded
// before they are joined; many clients leave that out, so that a "+" of theirs
// would be read as a space. Both readings are kept: the same secret is compared
// with the same verifier, and which of the two fits says nothing to an attacker.
func basicCredentials(r *http.Request, _ url.Values) (credentials, bool, error) {
	switch headers := r.Header["Authorization"]; {
	case len(headers) == 0:
		return credentials{}, false, nil
	case len(headers) > 1:
		return credentials{}, false, invalidRequest("more than one Authorization header", nil)
	}
	rawID, rawSecret, ok := r.BasicAuth()
	switch {
	case !ok:
		return credentials{}, false, errInvalidClient(errors.New("the Authorization header is not Basic"))
	case rawSecret == "":
		return credentials{}, false, errInvalidClient(errors.New("the client secret is empty"))
	case rawID == "":
		return credentials{}, false, errInvalidClient(errors.New("no client is named"))
	}
	c := credentials{ClientID: rawID, Secret: rawSecret}
	if id, err := url.QueryUnescape(rawID); err == nil && id != rawID {
		c.ClientID, c.RawClientID = id, rawID
	}
	if secret, err := url.QueryUnescape(rawSecret); err != nil || secret != rawSecret {
		c.Secret, c.RawSecret = secret, rawSecret // the first is empty where it cannot be decoded
	}
	return c, true, nil
}
