package login

import (
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/storage"
)

// texts are the words of the pages in one language. Templates and handlers name
// a text by its key, so that another language is another map.
type texts struct {
	lang  string
	words map[string]string
}

// textsFor chooses the language: by the request's ui_locales, then the
// browser's. English is the only one so far.
func textsFor(*storage.Interaction, *http.Request) texts { return texts{lang: "en", words: english} }

func (t texts) get(key string, args ...any) string {
	text, ok := t.words[key]
	if !ok {
		return key
	}
	if len(args) > 0 {
		return fmt.Sprintf(text, args...)
	}
	return text
}

// scope says what a scope means; one that is not of the standard is shown as it is.
func (t texts) scope(scope string) string {
	if text, ok := t.words["scope."+scope]; ok {
		return text
	}
	return scope
}

var english = map[string]string{
	"signin.title":         "Sign in",
	"signin.to":            "to continue to",
	"signin.username":      "E-mail or username",
	"signin.password":      "Password",
	"signin.remember":      "Keep me signed in on this device",
	"signin.submit":        "Sign in",
	"signin.cancel":        "Cancel",
	"signin.wrong":         "The username or the password is not right.",
	"consent.title":        "Allow access?",
	"consent.asks":         "%s would like to",
	"consent.as":           "You are signed in as %s.",
	"consent.allow":        "Allow",
	"consent.deny":         "Don’t allow",
	"consent.policy":       "Privacy policy",
	"consent.terms":        "Terms of service",
	"signout.title":        "Sign out?",
	"signout.as":           "You are signed in as %s.",
	"signout.nobody":       "Nobody is signed in in this browser.",
	"signout.meaning":      "You will be signed out here and of the applications that you use through this sign-in.",
	"signout.submit":       "Sign out",
	"signedout.title":      "Signed out",
	"signedout.meaning":    "You are signed out. On a shared computer, close the browser too.",
	"error.title":          "Something is not right",
	"error.id":             "Error id",
	"error.hint":           "The operator of this service can find out more with it.",
	"scope.openid":         "know who you are",
	"scope.profile":        "see your name and profile",
	"scope.email":          "see your e-mail address",
	"scope.address":        "see your postal address",
	"scope.phone":          "see your phone number",
	"scope.offline_access": "keep this access while you are away",
}
