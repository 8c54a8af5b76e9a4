package op

import "errors"

// codeBinding is what a code was issued to, and codeProof what is shown with it
// (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
type codeBinding struct {
	ClientID    string
	RedirectURI string
	Challenge   string // S256; empty where the authorization request had none
	// Key is the thumbprint of the DPoP key that the authorization request named
	// (RFC 9449 section 10); empty where it named none.
	Key string
}

type codeProof struct {
	ClientID    string
	RedirectURI string
	Verifier    string
	Key         string // of the DPoP proof; empty where there is none
}

// check says why the proof does not fit, for the log. A verifier without a
// challenge is refused as well: it means that somebody removed the challenge
// from the authorization request (RFC 9700 section 2.1.1).
func (b codeBinding) check(p codeProof) error {
	switch {
	case p.ClientID != b.ClientID:
		return errors.New("the code was issued to another client")
	case p.RedirectURI != b.RedirectURI:
		return errors.New("redirect_uri is not the one of the authorization request")
	case b.Key != "" && p.Key != b.Key:
		return errors.New("the DPoP proof is missing or of another key than dpop_jkt")
	case b.Challenge == "" && p.Verifier != "":
		return errors.New("there is a verifier but was no challenge")
	case b.Challenge != "" && p.Verifier == "":
		return errors.New("the verifier is missing")
	case b.Challenge != "" && !verifierMatches(b.Challenge, p.Verifier):
		return errors.New("the verifier does not fit the challenge")
	}
	return nil
}
