// Package browser uses Latchkey as people do: in Chromium, with scripts and
// without, on a desktop and on a phone, in light and dark. Each test is a
// journey through the pages of a running latchkey process, and reads the dev
// inbox where a person would read a message.
//
// No test sleeps: a step is over when the page that it leads to has loaded, or
// when its change appears on the page.
//
// Two people's journeys never meet: each has its own account and browser
// context, so they run side by side in one Chromium.
package browser
