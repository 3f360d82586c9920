"use strict";

// The page keeps nothing of its own: GraphiQL remembers tabs in the browser's storage.
(() => {
  const place = document.getElementById("editor");
  const examples = document.getElementById("examples").content.textContent;
  const title = React.createElement("span", { className: "page-title" }, place.dataset.title);
  const editor = React.createElement(
    GraphiQL,
    {
      fetcher: GraphiQL.createFetcher({ url: place.dataset.endpoint }),
      defaultQuery: examples,
      defaultEditorToolsVisibility: false,
      plugins: [GraphiQLPluginExplorer.explorerPlugin()],
      shouldPersistHeaders: false,
    },
    React.createElement(GraphiQL.Logo, null, title),
  );
  ReactDOM.createRoot(place).render(editor);
})();
