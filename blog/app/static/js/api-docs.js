// Draws the OpenAPI document of the page with swagger-ui, which is loaded before this as a global.

const place = document.getElementById("api-docs");

window.SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  validatorUrl: null, // the badge would send the document's address to another site
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  presets: [window.SwaggerUIBundle.presets.apis],
});
