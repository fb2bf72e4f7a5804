// Pages of our own, not of the API.
export const pages = {
  home: '/',
  product: '/p/:sku',
  cart: '/cart-page',
  orders: '/my/orders/:id',
  status: '/status',
};
