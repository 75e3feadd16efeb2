import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/wire/*.gen.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers in a template are how distances and countdowns are written.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => void act()` in a handler says that the act reports its own faults.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidOperator: true }],
      // Taking a field out of an object by naming it is the plain way to do so.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, varsIgnorePattern: '^_$' }],
      'max-lines': ['warn', { max: 320, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        // The policy forbids inline style text; a style object goes through the CSSOM and is allowed.
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Text from the wire is text, never markup.' },
      ],
    },
  },
  { files: ['**/*.mjs'], ...tseslint.configs.disableTypeChecked, languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } } },
);
