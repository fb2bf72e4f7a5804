/** The most lines a cart takes; the button goes grey above. */
export const MAX_CART_LINES = 50;
export const MAX_QUANTITY = 10;
export const PAGE_SIZE = 24;
