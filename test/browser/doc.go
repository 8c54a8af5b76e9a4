// Package browser uses Latchkey as people do: in Chromium, with scripts and
// without, on a desktop and on a phone, in light and dark. Each test is a
// journey through the pages of a running latchkey process, which reads the dev
// inbox where a person would read a message.
//
// Nothing waits for a time: a step is over when the page that it leads to has
// loaded, or when what it changes on the page is there.
//
// Two people's journeys never meet: each has an account and a browser context
// of their own, so they run side by side on one Chromium.
package browser
