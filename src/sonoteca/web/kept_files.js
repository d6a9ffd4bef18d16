// Files that a person brought and that a reload would lose: kept in this browser's own database, one under each name.

const [DATABASE, STORE] = ["sonoteca", "files"];

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function within(mode, act) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const asked = act(database.transaction(STORE, mode).objectStore(STORE));
      asked.onsuccess = () => resolve(asked.result ?? null);
      asked.onerror = () => reject(asked.error);
    });
  } finally {
    database.close();
  }
}

/** Keep a file; where the browser keeps nothing (a private window), it lasts as long as the page. */
export const keepFile = (name, file) => within("readwrite", (store) => store.put(file, name)).catch(() => null);

/** The file that was kept under a name, or null. */
export const keptFile = (name) => within("readonly", (store) => store.get(name)).catch(() => null);
