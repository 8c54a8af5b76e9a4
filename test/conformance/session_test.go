package conformance

import "strings"

// promptLogin wants the password again from somebody who is signed in.
func promptLogin(m *module) {
	before := m.login()
	m.eventually("a newer auth_time", func() bool { // it tells whole seconds
		return m.signInAgain(before, "prompt", "login").authTime > before.authTime
	})
}

// signInAgain makes a request that must ask the person who is signed in.
func (m *module) signInAgain(before *tokens, pairs ...string) *tokens {
	m.Helper()
	request := m.request(pairs...)
	page := m.open(request)
	m.mustAsk(page)
	after := m.finish(page, request)
	if after.subject != before.subject || after.authTime < before.authTime {
		m.Errorf("signed in as %s at %d, before as %s at %d", after.subject, after.authTime, before.subject, before.authTime)
	}
	return after
}

// promptNoneNobody has a state of 128 characters to give back, which is
// checked wherever an answer is read.
func promptNoneNobody(m *module) {
	request := m.request("prompt", "none", "state", strings.Repeat("0123456789abcdef", 8))
	m.mustFail(m.open(request), request, "login_required", "interaction_required", "consent_required", "account_selection_required")
}

func promptNoneSignedIn(m *module) {
	before := m.login()
	m.mustBeSame(before, m.silently("prompt", "none"))
}

func (m *module) mustBeSame(before, after *tokens) {
	m.Helper()
	if after.subject != before.subject || after.authTime != before.authTime {
		m.Errorf("signed in as %s at %d, before as %s at %d", after.subject, after.authTime, before.subject, before.authTime)
	}
}

func idTokenHint(m *module) {
	before := m.login()
	m.mustBeSame(before, m.silently("prompt", "none", "id_token_hint", before.ID))
}

// maxAge1 waits until a sign-in is more than a second old, and wants the
// password again.
func maxAge1(m *module) {
	before := m.login()
	m.eventually("the sign-in is too old", func() bool {
		request := m.request("prompt", "none", "max_age", "1")
		return m.answer(m.open(request), request).Get("error") == "login_required"
	})
	if after := m.signInAgain(before, "max_age", "1"); after.authTime <= before.authTime {
		m.Errorf("auth_time = %d, before %d", after.authTime, before.authTime)
	}
}

func maxAge10000(m *module) {
	before := m.login("max_age", "10000")
	m.mustBeSame(before, m.silently("max_age", "10000"))
}
