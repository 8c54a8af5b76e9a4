// Package ui is how the hosted pages look and what they say.
//
// A screen is a struct that embeds [Page], a template of the same name, and
// texts in every language. A handler begins a page, fills the struct in and
// renders it:
//
//	page := renderer.Begin(w, r, ui.Options{Title: "signin.title", Action: "/login", Client: client})
//	return renderer.Render(w, http.StatusOK, ui.SignIn{Page: page, Username: hint})
//
// Invariants:
//
//   - A page is written whole or not at all.
//   - No page holds a style, a script or a handler inline: the policy of
//     [web.Page] would not run it. Colours come in a stylesheet of their own.
//   - A page works without JavaScript, passkeys excepted.
//   - Text on every colour that an administrator chooses has the contrast that
//     WCAG 2.2 AA asks for.
package ui
