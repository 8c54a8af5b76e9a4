// Package relyingparties signs in at sites that are made of other people's
// libraries, unmodified and set up by the quickstart and the recipes alone. Each
// site is a process of its own: one file of a few lines that is the recipe.
//
// At every site a person signs in and is shown with name and address, tokens are
// refreshed where the library can, signing out ends at the site, and somebody who
// was disabled is out.
package relyingparties
