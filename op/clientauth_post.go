package op

import (
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/client"
)

// clientSecretPost is client_secret_post: a secret in the body (RFC 6749 section
// 2.3.1). An empty one counts as absent (section 3.2).
var clientSecretPost = authMethod{name: client.AuthMethodPost, presented: postedCredentials, proves: (*Provider).provesSecret}

func postedCredentials(_ *http.Request, form url.Values) (credentials, bool, error) {
	secret := form.Get("client_secret")
	return credentials{ClientID: form.Get("client_id"), Secret: secret}, secret != "", nil
}
