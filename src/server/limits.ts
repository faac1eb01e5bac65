/**
 * What one document may ask for. The same rule holds on HTTP and on the WebSocket; otherwise the socket would be a way
 * around it.
 */
import { GraphQLError, Kind, type ASTVisitor, type SelectionSetNode, type ValidationContext, type ValidationRule } from 'graphql';

export interface DocumentLimits {
  readonly maxDepth: number;
  readonly maxAliases: number;
}

export function documentLimitsRule({ maxDepth, maxAliases }: DocumentLimits): ValidationRule {
  return (context: ValidationContext): ASTVisitor => ({
    Document: {
      leave(document) {
        let aliases = 0;
        for (const definition of document.definitions) {
          if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
          const depth = depthOf(definition.selectionSet, context, new Set(), () => aliases++);
          if (depth > maxDepth) context.reportError(tooMuch(`The document is ${String(depth)} levels deep; the limit is ${String(maxDepth)}.`));
        }
        if (aliases > maxAliases) context.reportError(tooMuch(`The document has ${String(aliases)} aliases; the limit is ${String(maxAliases)}.`));
      },
    },
  });
}

function depthOf(set: SelectionSetNode, context: ValidationContext, open: ReadonlySet<string>, onAlias: () => void): number {
  let deepest = 0;
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      if (selection.alias !== undefined) onAlias();
      deepest = Math.max(deepest, 1 + (selection.selectionSet === undefined ? 0 : depthOf(selection.selectionSet, context, open, onAlias)));
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      deepest = Math.max(deepest, depthOf(selection.selectionSet, context, open, onAlias));
    } else {
      const name = selection.name.value;
      const fragment = context.getFragment(name);
      // A cycle is another rule's error; here it must only not be followed.
      if (fragment == null || open.has(name)) continue;
      deepest = Math.max(deepest, depthOf(fragment.selectionSet, context, new Set([...open, name]), onAlias));
    }
  }
  return deepest;
}

function tooMuch(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}
