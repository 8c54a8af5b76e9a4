package securitydoc

// group is a topic of the document, with its requirements.
type group struct {
	title string
	of    []requirement
}

// requirement is one thing that must hold. The id begins with two letters of its
// topic; tests bear it in their names.
type requirement struct{ id, text string }

// groups are all requirements, in the order of the document.
var groups = []group{
	{"Authorization requests", []requirement{
		{"AZ1", "A redirect URI matches exactly what is registered; of a native client's loopback address only the port may differ. Whatever does not match gets a page, never a redirect."},
		{"AZ2", "PKCE with S256 is mandatory for clients without a secret and the default for all; a challenge that was sent is never dropped, weakened or left unverified."},
		{"AZ3", "The request, the sign-in and the code belong to one browser: an address that was passed on gives nobody a code."},
		{"AZ4", "Response types, response modes and grants are held to what the client registered, and discovery says the same."},
		{"AZ5", "Every answer of the authorization endpoint names its issuer, errors too."},
		{"AZ6", "`prompt`, `max_age` and the classes asked for are enforced here, not left to the client, and `auth_time` is true."},
		{"AZ7", "What follows a form with credentials is a 303, so that no browser repeats the form elsewhere."},
		{"AZ8", "Consent is of a client and its scopes, can be taken back, and is asked again for more."},
	}},
	{"Codes and tokens", []requirement{
		{"TK1", "A code lives for at most 60 seconds, is kept as a hash, and of many simultaneous exchanges one succeeds, on any backend and number of nodes."},
		{"TK2", "A replay that could have succeeded ends what the first exchange issued; any other changes nothing."},
		{"TK3", "A code works for its client, redirect URI, verifier and time alone."},
		{"TK4", "Token requests are POSTs with a form; nothing is read from the query, nothing may be repeated, and no answer is cached."},
		{"TK5", "An access token is accepted only as what it is, by whom it is for: an ID token is none."},
		{"TK7", "A device code is kept as a keyed hash, bound to its client, redeemed once and never late; polls are slowed down and guesses at user codes limited."},
		{"TK8", "Revocation can be repeated, reaches a client's own tokens alone, and a store that failed is not reported as success."},
	}},
	{"Refresh tokens", []requirement{
		{"RF1", "Nothing in the database is a token or can be made one without the server's keys, and the keys alone make none."},
		{"RF2", "Reuse ends the grant and its access tokens, and raises an alert."},
		{"RF3", "A refresh has one successor, however often and wherever it is repeated, and whatever crashes."},
		{"RF4", "Idle and absolute lifetimes hold, and what was revoked stays revoked over a restart."},
		{"RF5", "Each refresh asks again whether person, session, consent, client and scope still allow it."},
	}},
	{"Sign-in", []requirement{
		{"PA1", "A sign-in under way is a secret in a cookie, kept as a hash, for minutes, for one flow, completed once."},
		{"PA2", "It opens nothing but its own steps."},
		{"PA4", "Forwarding headers count only from trusted proxies: for binding, limits and the audit record alike."},
		{"PA5", "Being signed in follows from evidence that the server computed, in whatever order requests come."},
		{"SE1", "A session is an opaque secret, kept as a hash, and a planted one is worth nothing."},
		{"SE2", "The secret is new after every sign-in and every change of what the session may do."},
		{"SE3", "Sessions end when idle, and in any case after their absolute lifetime."},
		{"SE4", "People see their sessions and applications, and end one or all."},
		{"SE5", "What belongs to a session ends with it; signing out without a valid hint asks first."},
	}},
	{"One-time links and codes", []requirement{
		{"OT1", "One-time tokens hold at least 128 random bits, are kept as keyed hashes, expire, and serve one purpose of one person."},
		{"OT2", "Of many simultaneous uses one succeeds."},
		{"OT3", "They travel in the message and nowhere else: no response, redirect, log line, metric or audit row holds one."},
		{"OT4", "Opening a link spends nothing, its button does; a newer message ends the older one's link."},
		{"RE1", "A password reset neither signs in nor skips the second factor; it ends sessions and tells the owner."},
		{"RE2", "Links are made from the configured issuer, whatever the request says."},
		{"RE3", "A new address counts when it is proved, and the old one is told and can undo it."},
		{"RE4", "No form sets what only proof may set, such as `verified` or a role."},
	}},
	{"Passwords", []requirement{
		{"PW1", "Argon2id with its cost stored; a hash of another cost or system is replaced at the next sign-in."},
		{"PW2", "15 characters alone, 8 beside an enforced second factor, no upper limit below 128, every byte counts, no rules of composition."},
		{"PW3", "Common passwords, and those made of names that go with the account or the service, are refused, by a list in the binary."},
	}},
	{"Guessing and enumeration", []requirement{
		{"TH1", "Attempts are limited by account, address and both, whatever way the name is spelled, on everything that can be guessed or that sends messages."},
		{"TH2", "An attempt is counted before it is looked at, so that many at once gain nothing."},
		{"TH3", "Nobody can lock an owner out: devices and passkeys that are known keep working."},
		{"TH5", "When the store of a limit or factor is gone, nobody gets in."},
		{"EN1", "Sign-in, sign-up, reset and resend answer alike for people who are known and who are not."},
		{"EN2", "They take the same time."},
	}},
	{"Second factors", []requirement{
		{"TP1", "A secret of an authenticator app is sealed to its person and credential: in another row it does not open."},
		{"TP2", "A time step is accepted once, on all nodes."},
		{"TP3", "A code is six digits and nothing else, at most one step early or late."},
		{"TP4", "An enrollment counts when a code confirmed it; its secret is shown once, and that code is spent."},
		{"EO1", "Codes by email and SMS are kept as keyed hashes, compared in constant time, accepted once."},
		{"EO2", "They are of one attempt, person and destination, for at most ten minutes."},
		{"EO3", "Sending another one is capped, ends the former and gives no more tries."},
		{"EO4", "SMS go to the countries that are listed, and stop at daily caps by number, country and in all."},
		{"EO5", "A message that cannot be queued or delivered is a failure that shows."},
		{"RC1", "Recovery codes come from a CSPRNG, 50 bits each, kept as keyed hashes and guessed under the limit of tries."},
		{"RC2", "They are kept as hashes and found however people type them."},
		{"RC3", "Each works once."},
		{"RC4", "A new set ends the old one, and none is shown twice."},
		{"TD1", "A trusted device is a random secret, kept as a hash, that rotates at each use and is one person's."},
		{"TD2", "It spares the second factor where the client's policy says so, never a step-up, and `acr` and `amr` say that the factor was not shown."},
		{"TD3", "Trust ends with the password, with a factor's reset, on removal, and by itself."},
		{"PK1", "A passkey's challenge is one attempt's, from one browser, for the exact origin, spent once."},
		{"PK2", "User verification is read from each response; a counter that does not rise is refused and told."},
		{"PK3", "What is enrolled is checked as strictly, wants fresh evidence, and the owner is told."},
	}},
	{"Pages", []requirement{
		{"CS1", "Every form carries a token of its browser."},
		{"CS2", "Every page has a strict policy without inline code, cannot be framed, and is not sniffed."},
		{"CS3", "No parameter redirects elsewhere."},
	}},
	{"Keys and clients", []requirement{
		{"KY1", "The published key set holds public parts only."},
		{"KY2", "A key is published before it signs, and kept until its last token is over; nodes agree."},
		{"KY3", "Private keys are sealed to their rows, and sealing keys rotate."},
		{"KY4", "Which algorithms sign and verify is listed; `none`, key confusion and keys named by a token are refused."},
		{"KY5", "What was made under a key that a node does not know it cannot judge: that is 503, never a verdict."},
		{"KY6", "A key that was stolen is taken out at once on all nodes, and its successor takes over."},
		{"CL1", "Secrets are kept as keyed hashes; only a registered method counts, and nothing matches an empty secret."},
		{"CL2", "A client assertion is refused where its method is not registered."},
		{"CL3", "An unknown client is answered like a wrong secret, in the same time."},
	}},
	{"Records, configuration, load", []requirement{
		{"LG1", "Security events are complete, in UTC, and written with what they tell of."},
		{"LG2", "Secrets print nothing, and none is ever logged."},
		{"LG3", "Events form a chain under the server's keys: what is changed, removed, added or cut off is found."},
		{"CF1", "It starts only with secrets that are strong, different and there."},
		{"CF2", "The issuer is fixed and https; other hosts are not answered; http is for loopback, by flag."},
		{"CF3", "There are no default accounts and nothing of `dev` under `serve`."},
		{"DS1", "Bodies, parameters, headers and time are bounded on every listener."},
		{"DS2", "Password hashes wait in a bounded queue: a flood of sign-ins takes no more memory."},
		{"DS3", "Sign-ins under way are capped by address and swept."},
		{"DL1", "Work of a store has a deadline; what nodes share expires by the database's clock, counted from the commit."},
		{"RS1", "A restored backup revives nothing that was ended after it was made, once the operator says that it was restored."},
		{"AC2", "A reload is whole or not at all, on every node; the tokens of a client that was removed end at once."},
	}},
	{"Whoever holds a session is not the owner", []requirement{
		{"FE1", "What guards an account changes only on evidence that reaches what guards it and is fresh, whichever door the wish comes through."},
		{"FE2", "An owner's last recovery ends everything that an intruder made: links, factors, recovery codes, phone, devices, sessions, grants."},
		{"FE3", "A change that waits for its proof dies with the password, a reset of factors, disabling, and signing out everywhere."},
		{"FE4", "A mailbox alone never completes what another browser began with a password of its own."},
	}},
	{"An outsider switches nobody off", []requirement{
		{"LK1", "What anybody may ask for spends no budget that takes a right password, a session or an invitation; budgets of strangers refill."},
		{"LK2", "No slow hash, no row and no commit for a caller who shows no credential, or navigates nowhere."},
	}},
	{"Access, claims and administration", []requirement{
		{"AC1", "Who may use a client is decided at authorization, exchange, refresh, token exchange and userinfo alike, and `explain` says the same."},
		{"AC3", "Expressions for claims are bounded and reach nothing outside."},
		{"AD1", "Every administrative operation wants role, scope and class of sign-in, and its event names the actor; nobody raises themselves."},
		{"AD2", "A source of people sees and changes what it made."},
	}},
	{"What clients and other providers bring", []requirement{
		{"FT1", "What is fetched for a client reaches nothing inside: scheme, address as resolved, redirects, size and time are bounded."},
		{"PR1", "A pushed request, request object, assertion, device code or DPoP proof is its client's, and spent once."},
		{"DC1", "Approving a device shows who asks and from where; guesses are limited, a code is redeemed once, and no factor is skipped."},
		{"TX1", "A token exchange never widens audience, scope or assurance beyond the policy, and keeps who acts."},
		{"DR1", "Registration gives what its policy allows and nothing more; its tokens rotate, and unused clients go."},
		{"BL1", "Every end of a session is told, signed and at least once, to every client of it that asked to be told."},
		{"UP1", "Identities are joined on proof of both; what another provider vouches for counts as the policy says."},
	}},
}

// planned are requirements of what is not built yet: the document names them as
// soon as a test does.
var planned = []string{
	"DL1", "AC1", "AC2", "AC3", "AD1", "AD2", "FE1", "FE2", "FE3", "FE4", "LK1", "FT1", "PR1", "DC1", "TX1", "DR1", "BL1", "UP1",
}
