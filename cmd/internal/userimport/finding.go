package userimport

import "fmt"

// Finding is something to be said of a place in a file.
type Finding struct {
	Where, Message string
	// Of says what a note has in common with many others; the zero value for problems.
	Of Kind
}

// String is "where: message".
func (f Finding) String() string { return f.Where + ": " + f.Message }

// Kind is what many notes have in common: what is said of one, and after the number
// of many.
type Kind struct{ One, Many string }

// The kinds of notes that no part of a file is quoted in.
var (
	noPassword = Kind{
		"person has no password; they set one by a message to their address",
		"people have no password; they set one by a message to their address",
	}
	noWayIn = Kind{
		"person has neither a password nor an address, so that nobody can sign in as them; give them an address first",
		"people have neither a password nor an address, so that nobody can sign in as them; give them an address first",
	}
	secondAddress  = Kind{"second address is not kept", "second addresses are not kept"}
	neverConfirmed = Kind{
		"authenticator was never confirmed and is not kept", "authenticators were never confirmed and are not kept",
	}
	otherCodes = Kind{
		"authenticator has other codes than 6 digits and 30 seconds and is not kept; its owner enrolls again",
		"authenticators have other codes than 6 digits and 30 seconds and are not kept; their owners enroll again",
	}
	tooMany = Kind{
		fmt.Sprintf("authenticator is not kept: its owner has %d already", maxAuthenticators),
		fmt.Sprintf("authenticators are not kept: their owners have %d already", maxAuthenticators),
	}
)

// unknownPassword is the kind of notes on verifiers that cannot be checked here.
func unknownPassword(algorithm string) Kind {
	return Kind{
		fmt.Sprintf("person has a password (%s) that cannot be verified here; they set a new one by a message to their address", algorithm),
		fmt.Sprintf("people have a password (%s) that cannot be verified here; they set a new one by a message to their address", algorithm),
	}
}

// notKept is the kind of notes on other factors of django-allauth.
func notKept(what string) Kind {
	return Kind{
		fmt.Sprintf("person's %s are not kept; they make new ones", what),
		fmt.Sprintf("people's %s are not kept; they make new ones", what),
	}
}

// unread is the kind of notes on rows of a model that is not read.
func unread(model string) Kind {
	return Kind{"row of " + model + " is not read", "rows of " + model + " are not read"}
}
