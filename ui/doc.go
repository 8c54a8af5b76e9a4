// Package ui is how the hosted pages look and what they say.
//
// A screen is a struct that embeds [Page], a template of the same name, and
// texts in every language. A handler begins a page, fills in the struct and
// renders it:
//
//	page := renderer.Begin(w, r, ui.Options{Title: "signin.title", Action: "/login", Client: client})
//	return renderer.Render(w, http.StatusOK, ui.SignIn{Page: page, Username: hint})
//
// Invariants:
//
//   - A page is written whole or not at all.
//   - No page contains an inline style, script or handler: the policy of [web.Page]
//     would not run it. Colors come in their own stylesheet.
//   - A page works without JavaScript, except for passkeys.
//   - Text on every color that an administrator chooses has the contrast that
//     WCAG 2.2 AA requires.
package ui
