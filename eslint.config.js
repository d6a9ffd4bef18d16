import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/vendor/**", "**/.venv/**", "src/sonoteca/server/docs_page/**"] },
  js.configs.recommended,
  {
    files: ["src/sonoteca/web/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: {
      "no-implicit-globals": "error",
      "no-restricted-properties": ["error", { property: "innerHTML", message: "Markup goes through html`...`." }],
      "no-unused-vars": ["error", { caughtErrors: "none" }],
      "no-unused-expressions": "off",
      eqeqeq: "error",
      "no-eval": "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  { files: ["src/sonoteca/web/theme.js"], languageOptions: { sourceType: "script" } },
  { files: ["tests/web/js/**/*.js"], languageOptions: { globals: globals.node } },
];
