import { defineConfig } from 'vite';

export default defineConfig({
  server: {
    port: 5173,
    proxy: { '/api': { target: 'http://localhost:8087', changeOrigin: true } },
  },
  define: { __BUILD__: JSON.stringify(process.env.BUILD_ID ?? 'dev') },
});
