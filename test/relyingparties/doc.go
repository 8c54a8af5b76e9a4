// Package relyingparties signs in at sites built with other people's libraries,
// unmodified and set up from the quickstart and the recipes alone. Each site is its own
// process: one file of a few lines, which is the recipe.
//
// At every site a person signs in and is shown with name and address, tokens are
// refreshed if the library can do so, signing out reaches the site, and a disabled person
// is locked out.
package relyingparties
