package client

import (
	"fmt"
	"slices"
	"strings"
)

// Workload says which JWTs of a platform, such as Kubernetes or a build service, are the
// client's assertions (RFC 7523): the client holds no secret and no key of its own.
type Workload struct {
	// Issuer is the iss of the platform's JWTs; empty only for SPIFFE, whose JWTs need
	// none (JWT-SVID section 3).
	Issuer string `json:"issuer,omitempty"`
	// Subject is the sub; one that ends with * is of all that begin so.
	Subject string `json:"subject"`
	// Claims are further claims that have to be one of the values each, as text.
	Claims map[string][]string `json:"claims,omitempty"`
}

// SPIFFEScheme begins the subjects of SPIFFE.
const SPIFFEScheme = "spiffe://"

// Fits reports whether a JWT with the claims is the client's; why says why not.
func (w *Workload) Fits(claims map[string]any) (why string) {
	issuer, _ := claims["iss"].(string)
	subject, _ := claims["sub"].(string)
	prefix, open := strings.CutSuffix(w.Subject, "*")
	switch {
	case w.Issuer != "" && issuer != w.Issuer:
		return "its iss is another"
	case subject == "" || open && !strings.HasPrefix(subject, prefix) || !open && subject != w.Subject:
		return "its sub does not fit: " + fmt.Sprintf("%.200q", subject)
	}
	for name, values := range w.Claims {
		if value, is := claims[name].(string); !is || !slices.Contains(values, value) {
			return "its claim " + name + " does not fit"
		}
	}
	return ""
}

// workload checks by which JWTs of a platform the client authenticates.
func (v *validation) workload() {
	const field = "workload_identity"
	w := v.Workload
	if w == nil {
		return
	}
	prefix := strings.TrimSuffix(w.Subject, "*")
	switch {
	case v.Type != TypeService:
		v.add(field, "it is for clients that act for no person: use type service")
	case v.AuthMethod != AuthMethodPrivateKeyJWT:
		v.add(field, "it needs %s: private_key_jwt, and the platform's keys in jwks_uri or jwks", v.spell("token_endpoint_auth_method"))
	}
	switch {
	case w.Subject == "":
		v.add(field+".subject", "required: the sub of the client's JWTs; others that the platform gives JWTs to are not the client")
	case strings.Contains(prefix, "*"):
		v.add(field+".subject", "a * works only at the end")
	case len(prefix) < minSubjectPrefix && prefix != w.Subject:
		v.add(field+".subject", "the part before the * is so short that it would match anyone; make it longer")
	}
	if w.Issuer == "" && !strings.HasPrefix(w.Subject, SPIFFEScheme) {
		v.add(field+".issuer", "required: the iss of the platform's JWTs")
	}
	for name, values := range w.Claims {
		if name == "" || len(values) == 0 || slices.Contains(values, "") {
			v.add(field+".claims", "name claims with one value or more each")
			return
		}
	}
}

// minSubjectPrefix keeps a slip such as * from letting everybody in.
const minSubjectPrefix = 8
