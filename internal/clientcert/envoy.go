package clientcert

import (
	"crypto/x509"
	"errors"
	"strings"
)

// parseEnvoy reads x-forwarded-client-cert: pairs of one element, of which Chain or Cert
// is wanted. Several elements are several proxies, of which the first would be the word
// of whoever was outside: Envoy must be told to set the header anew (SANITIZE_SET).
func parseEnvoy(text string) ([]*x509.Certificate, error) {
	pairs, err := envoyPairs(text)
	if err != nil {
		return nil, err
	}
	if pairs["chain"] == "" {
		if pairs["cert"] == "" {
			return nil, errors.New("it has neither Cert nor Chain: see set_current_client_cert_details")
		}
		return parseEscaped(pairs["cert"])
	}
	chain, err := parseEscaped(pairs["chain"])
	if err != nil || pairs["cert"] == "" {
		return chain, err
	}
	leaf, err := parseEscaped(pairs["cert"])
	if err != nil {
		return nil, err
	}
	if !leaf[0].Equal(chain[0]) {
		return nil, errors.New("its Cert is not the first of its Chain")
	}
	return chain, nil
}

// envoyPairs splits an element into its pairs; values may be quoted, and then hold what
// else would separate. A key that is there twice, other than By, URI and DNS, is refused.
func envoyPairs(text string) (map[string]string, error) {
	pairs := map[string]string{}
	for rest := text; rest != ""; {
		key, after, found := strings.Cut(rest, "=")
		if !found {
			return nil, errors.New("it is not a list of pairs")
		}
		value, next, err := envoyValue(after)
		if err != nil {
			return nil, err
		}
		key = strings.ToLower(strings.TrimSpace(key))
		if _, twice := pairs[key]; twice && (key == "cert" || key == "chain") {
			return nil, errors.New("it names more than one certificate")
		}
		pairs[key], rest = value, next
	}
	return pairs, nil
}

// envoyValue reads a value up to the semicolon that ends it.
func envoyValue(text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		value, rest, _ = strings.Cut(text, ";")
		if strings.ContainsAny(value, `,"`) {
			return "", "", errors.New("it has more than one element, or a quote within a value")
		}
		return value, rest, nil
	}
	var read strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			read.WriteByte(text[i])
		case c == '"':
			switch after := text[i+1:]; {
			case after == "":
				return read.String(), "", nil
			case after[0] == ';':
				return read.String(), after[1:], nil
			}
			return "", "", errors.New("it has more than one element")
		default:
			read.WriteByte(c)
		}
	}
	return "", "", errors.New("a quote is not closed")
}
